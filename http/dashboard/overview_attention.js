// What needs somebody: what is wrong with which schedule, and the one thing that may help, for who may do it.

import { fill, h, say } from "./dom.js";
import { newKey, rest } from "./rest.js";
import { toOne } from "./router.js";
import { can } from "./session.js";
import { relativeTime, timeOf } from "./time.js";
import { SHOWN } from "./overview_health.js";
import { badge } from "./components/badge.js";
import { icon } from "./components/icons.js";
import { attempt, toast } from "./components/toast.js";

const FIRST = 6;
const CONCERNS = new Set(["late", "error", "failing", "losing"]);
const DONE = { Resume: "Resumed", Retry: "Tried again", "Trigger now": "Triggered" };
const FAILED = new Set(["failed", "timedOut"]);

/** The card; `.show(items, total, query)`; `acted()` is called when something was done about one. */
export function attentionSection(acted) {
  const count = h("span", { class: "hint" });
  const list = h("ul", { class: "attention-list" });
  const note = h("div", { class: "attention-note" });
  const element = h("section", { class: "card", "aria-labelledby": "attention-title" },
    h("div", { class: "card-head" }, h("h2", { id: "attention-title" }, "Needs attention"), count), list, note);
  let isWhole = false;
  let last = null;
  element.show = (items, total, query) => {
    last = [items, total, query];
    const found = chosen(items, query.get("show"));
    const drawn = isWhole ? found : found.slice(0, FIRST);
    say(count, found.length ? String(found.length === items.length ? total : found.length) : "");
    element.classList.toggle("is-empty", !found.length);
    const focus = focusIn(list);
    fill(list, drawn.map((item) => entry(item, acted)));
    focus();
    fill(note, found.length ? more(found.length, drawn.length) : nothing(items.length));
  };
  function more(all, drawn) {
    if (all <= FIRST) return null;
    return h("button", { type: "button", class: "small", "aria-expanded": String(isWhole), on: { click: () => {
      isWhole = !isWhole;
      element.show(...last);
      note.querySelector("button")?.focus();
    } } }, drawn < all ? `Show all ${all}` : "Show fewer");
  }
  return element;
}

function chosen(items, shown) {
  if (CONCERNS.has(shown)) return items.filter((item) => item.kind === shown);
  return shown in SHOWN ? items.filter((item) => item.status === shown) : items;
}

function nothing(others) {
  const words = others ? "Nothing among those that are shown needs attention." : "Nothing needs attention.";
  return h("p", { class: "all-well" }, h("span", { class: "tone-good" }, icon("ok")), words);
}

/** Which entry's button has the focus, to be given to its successor. */
function focusIn(list) {
  const item = document.activeElement?.closest?.(".attention-list > li");
  const name = item && list.contains(item) ? item.dataset.key : null;
  return () => {
    if (name) [...list.children].find((each) => each.dataset.key === name)?.querySelector("button, a")?.focus();
  };
}

function entry(item, acted) {
  const name = item.name || item.scheduleId;
  return h("li", { dataset: { key: item.scheduleId } },
    badge(item.kind),
    h("a", { class: "cut attention-name", href: toOne("schedules", item.scheduleId), title: name }, name),
    h("p", { class: "soft attention-why" }, why(item)),
    h("div", { class: "actions" }, action(item, name, acted), seeWhy(item, name)));
}

function why(item) {
  const error = item.error ? `${item.error.type}: ${item.error.message}` : null;
  const due = item.since ?? item.nextExecution;
  switch (item.kind) {
    case "error": return [item.since ? ["Since ", timeOf(item.since), ". "] : null,
      error ?? "It crashes again and again, and is tried slowly."];
    case "late": return ["Was due at ", timeOf(due), " (", relativeTime(due), ") and has not fired."];
    case "failing": return [`Failed ${item.count} times in a row`, item.since ? [" since ", timeOf(item.since)] : null,
      error ? `. ${error}` : "."];
    default: return [`Lost ${item.count} ${item.count === 1 ? "run" : "runs"} in the last 24 hours.`];
  }
}

/** What fits: go on where it stands still, once more where it failed, now where it is late or was missed. */
function actionOf(item) {
  const schedule = `/api/schedules/${encodeURIComponent(item.scheduleId)}`;
  if (item.kind === "error" || item.status === "paused") {
    return ["Resume", "play", () => rest.post(`${schedule}/resume`)];
  }
  const last = item.lastExecution;
  if (item.kind === "failing" && FAILED.has(last?.status)) {
    return ["Retry", "retry", (key) => rest.post(`/api/executions/${encodeURIComponent(last.id)}/retry`, {}, { key })];
  }
  return ["Trigger now", "execution", (key) => rest.post(`${schedule}/trigger`, {}, { key })];
}

function action(item, name, acted) {
  if (!can("operator")) return null;
  const [words, picture, act] = actionOf(item);
  const button = h("button", { type: "button", class: "small", "aria-label": `${words}: ${name}` }, icon(picture),
    words);
  button.addEventListener("click", async () => {
    button.disabled = true;
    const found = await attempt(() => act(newKey()));
    button.disabled = false;
    if (found === undefined) return;
    const link = found.executionId ? h("a", { href: toOne("executions", found.executionId) }, "See it run") : null;
    toast(`${DONE[words]}: ${name}`, { link });
    acted();
  });
  return button;
}

function seeWhy(item, name) {
  const isRun = item.kind === "failing" && item.lastExecution;
  const href = isRun ? toOne("executions", item.lastExecution.id)
    : toOne("schedules", item.scheduleId, item.kind === "error" ? {} : { tab: "fires" });
  return h("a", { class: "button small", href, "aria-label": `See why: ${name}` }, "See why");
}
