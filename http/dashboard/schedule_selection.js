// What is selected in the list of schedules, and the bar with what can be done to all of it.

import { fill, h, say } from "./dom.js";
import { rest } from "./rest.js";
import { can } from "./session.js";
import { icon } from "./components/icons.js";
import { attempt } from "./components/toast.js";
import { pauseThem, resumeThem, triggerThem } from "./schedule_acts.js";
import { counted } from "./schedule_words.js";

const PAGE = 500;

/**
 * `selected`: the Set that the table fills. `list()`: the table; `filters()`: the query of the list, to read the rest;
 * `changed()`: redraw the table; `reread()`: read its rows again. Gives an element with `refresh()`.
 */
export function selectionBar({ selected, list, filters, changed, reread, signal }) {
  const known = new Map();
  const count = h("span", { class: "selection-count" });
  const every = h("button", { type: "button", class: "link", on: { click: takeEvery } });
  const element = h("div", { class: "selection", role: "region", "aria-label": "What to do with the selected" });

  function items() {
    for (const item of list().items) known.set(item.scheduleId, item);
    return [...selected].map((id) => known.get(id)).filter(Boolean);
  }

  async function act(what) {
    if (!(await what(items()))) return;
    await reread();
    clear();
  }

  function clear() {
    selected.clear();
    known.clear();
    changed();
    element.refresh();
  }

  async function takeEvery() {
    every.disabled = true;
    let cursor = null;
    do {
      const found = await attempt(() =>
        rest.get("/api/schedules/summaries", { ...filters(), limit: PAGE, cursor }, signal),
      );
      if (!found) break;
      for (const item of found.items) {
        known.set(item.scheduleId, item);
        selected.add(item.scheduleId);
      }
      cursor = found.nextCursor;
      say(count, `${counted(selected.size, "schedule")} selected`);
    } while (cursor && !signal.aborted);
    every.disabled = false;
    changed();
    element.refresh();
  }

  fill(element, count, every, can("operator") ? buttons(act) : null, noneButton(clear));
  element.refresh = () => {
    const { total } = list();
    element.hidden = selected.size === 0;
    say(count, `${counted(selected.size, "schedule")} selected`);
    every.hidden = total === null || selected.size >= total;
    say(every, `Select all ${(total ?? 0).toLocaleString()}`);
  };
  element.refresh();
  return element;
}

function buttons(act) {
  const button = (picture, words, what) =>
    h("button", { type: "button", on: { click: () => act(what) } }, icon(picture), words);
  return h(
    "div",
    { class: "actions" },
    button("play", "Run now …", triggerThem),
    button("pause", "Pause …", pauseThem),
    button("retry", "Resume …", resumeThem),
  );
}

function noneButton(clear) {
  const words = "Select none";
  const props = { type: "button", class: "quiet", "aria-label": words, title: words, on: { click: clear } };
  return h("button", props, icon("close"));
}
