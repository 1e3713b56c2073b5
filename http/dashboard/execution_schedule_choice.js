// Chooses one of many schedules: by a part of its name, since there can be thousands.

import { fill, h } from "./dom.js";
import { rest } from "./rest.js";
import { ask, field } from "./components/dialog.js";
import { empty, failure } from "./components/states.js";

const PAUSE = 250;
const MOST = 20;

/** The id of the chosen one; null: all of them; undefined: it was closed. */
export async function askForSchedule() {
  const found = h("div", { class: "schedule-choices", role: "radiogroup", "aria-label": "Schedules that were found" });
  const text = h("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  let timer = null;
  let turn = 0;
  const look = async () => {
    const mine = ++turn;
    try {
      const { items, nextCursor } = await rest.get("/api/schedules", { q: text.value.trim(), limit: MOST });
      if (mine !== turn) return;
      const chosen = found.querySelector("input:checked")?.value;
      fill(found, offered(items, nextCursor !== null, text.value.trim()));
      const again = [...found.querySelectorAll("input")].find(({ value }) => value === chosen);
      if (again) again.checked = true;
    } catch (error) {
      if (mine === turn) fill(found, failure(error, look));
    }
  };
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  look();
  const chosen = await ask({
    title: "Executions of one schedule",
    body: [field("Part of its name, id or description", text), found],
    action: "Show its executions",
    submit: (form) => ({ id: new FormData(form).get("schedule") || null }),
  });
  return chosen?.id;
}

function offered(items, isMore, text) {
  const one = (value, name, more, checked = false) =>
    h(
      "label",
      { class: "schedule-choice" },
      h("input", { type: "radio", name: "schedule", value, checked }),
      h("span", { class: "cut" }, name),
      h("span", { class: "soft cut" }, more),
    );
  if (!items.length && text) return empty(`No schedule has “${text}” in its name, id or description`);
  return [
    text ? null : one("", "All schedules", "and executions without one", true),
    items.map(({ id, name, workflowId }) => one(id, name, workflowId)),
    isMore ? h("p", { class: "hint" }, `These are ${MOST} of them; type a part of the name to find others.`) : null,
  ];
}
