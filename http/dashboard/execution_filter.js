// Which executions are looked at: what the address says, as the query of the interface, and the fields that change it.

import { fill, h } from "./dom.js";
import { now } from "./clock.js";
import { rest } from "./rest.js";
import { setQuery } from "./router.js";
import { localTime } from "./time.js";
import { wordOf } from "./components/badge.js";
import { choice } from "./components/filters.js";
import { ask, field } from "./components/dialog.js";
import { icon } from "./components/icons.js";
import { scheduleName } from "./execution_schedules.js";
import { askForSchedule } from "./execution_schedule_choice.js";

const STATUSES = ["queued", "running", "waiting", "succeeded", "failed", "timedOut", "cancelled", "skipped"];
const HOUR = 3600_000;
const RANGES = {
  "1h": ["the last hour", HOUR],
  "24h": ["the last 24 hours", 24 * HOUR],
  "7d": ["the last 7 days", 168 * HOUR],
  "30d": ["the last 30 days", 720 * HOUR],
};
const NAMES = ["status", "workflowId", "scheduleId", "backfillId", "range", "since", "until"];

/** The query for `GET /api/executions` of an address. */
export function wanted(query) {
  const found = Object.fromEntries(
    ["status", "workflowId", "scheduleId", "backfillId"].map((name) => [name, query.get(name)]),
  );
  const range = RANGES[query.get("range")];
  if (range) return { ...found, since: new Date(now() - range[1]).toISOString() };
  return { ...found, since: query.get("since"), until: query.get("until") };
}

/** Whether an execution is among those; what is not asked for counts as right. */
export function isWanted(item, { status, workflowId, scheduleId, backfillId, since, until }) {
  return (
    (!status || item.status === status) &&
    (!workflowId || item.workflowId === workflowId) &&
    (!scheduleId || item.scheduleId === scheduleId) &&
    (!backfillId || item.backfillId === backfillId) &&
    (!since || new Date(item.queuedAt) >= new Date(since)) &&
    (!until || new Date(item.queuedAt) < new Date(until))
  );
}

/** What of an address changes which are shown, as one text. */
export function sameness(query) {
  return NAMES.map((name) => query.get(name) ?? "").join("\n");
}

/** The bar of filters; `.show(query)` brings it up to date. */
export function filterBar(query, signal) {
  const status = choice("status", "State", [["", "all"], ...STATUSES.map((each) => [each, wordOf(each)])], query);
  const workflow = choice("workflowId", "Workflow", [["", "all"]], query);
  const range = rangeChoice(query);
  const schedule = h("button", { type: "button", class: "choice-button", on: { click: chooseSchedule } });
  const clear = h(
    "button",
    {
      type: "button",
      class: "link",
      on: { click: () => setQuery(Object.fromEntries(NAMES.map((name) => [name, null]))) },
    },
    "Clear filters",
  );
  const element = h(
    "div",
    { class: "filters", role: "search", "aria-label": "Filters of the executions" },
    status,
    workflow,
    schedule,
    range,
    clear,
  );
  element.show = (next) => {
    for (const each of [status, workflow, range]) each.show(next);
    showSchedule(schedule, next.get("scheduleId"));
    clear.hidden = !NAMES.some((name) => next.get(name));
  };
  element.show(query);
  offerWorkflows(workflow.querySelector("select"), query, signal);
  return element;
}

async function chooseSchedule() {
  const id = await askForSchedule();
  if (id !== undefined) setQuery({ scheduleId: id });
}

async function showSchedule(button, id) {
  const show = (words) =>
    fill(button, h("span", { class: "soft" }, "Schedule"), h("span", { class: "cut" }, words), icon("search"));
  button.dataset.id = id ?? "";
  show(id ?? "all");
  if (!id) return;
  const name = await scheduleName(id);
  if (name && button.dataset.id === id) show(name);
}

async function offerWorkflows(select, query, signal) {
  let cursor = null;
  const chosen = query.get("workflowId");
  do {
    const found = await rest
      .get("/api/workflows", { limit: 500, cursor }, signal)
      .catch(() => ({ items: [], nextCursor: null }));
    const missing = found.items.filter(({ id }) => ![...select.options].some(({ value }) => value === id));
    select.append(...missing.map(({ id }) => h("option", { value: id }, id)));
    cursor = found.nextCursor;
  } while (cursor !== null);
  if (chosen && select.value !== chosen) select.value = chosen;
}

/** Quick ranges of when it was queued, and one of one's own. */
function rangeChoice(query) {
  const own = h("option", { value: "own" }, "from … to …");
  const select = h(
    "select",
    { "aria-label": "Queued", on: { change: () => change(select, element) } },
    h("option", { value: "" }, "any time"),
    Object.entries(RANGES).map(([value, [words]]) => h("option", { value }, words)),
    own,
  );
  const element = h("label", { class: "choice" }, h("span", {}, "Queued"), select);
  element.show = (next) => {
    const [since, until] = [next.get("since"), next.get("until")];
    element.query = next;
    own.textContent =
      since || until
        ? `${since ? `from ${localTime(since)}` : ""} ${until ? `to ${localTime(until)}` : ""}`.trim()
        : "from … to …";
    select.value = RANGES[next.get("range")] ? next.get("range") : since || until ? "own" : "";
  };
  element.show(query);
  return element;
}

async function change(select, element) {
  if (select.value !== "own") {
    setQuery({ range: select.value, since: null, until: null });
    return;
  }
  const found = await askForRange(element.query);
  if (found) setQuery({ ...found, range: null });
  else element.show(element.query);
}

function askForRange(query) {
  const since = h("input", { type: "datetime-local", step: "1", value: local(query.get("since")) });
  const until = h("input", { type: "datetime-local", step: "1", value: local(query.get("until")) });
  return ask({
    title: "Executions queued between two instants",
    body: [
      field("From", since, "In your time zone; empty: from the first one."),
      field("To", until, "Not including this instant; empty: to the newest."),
    ],
    action: "Show them",
    submit: () => {
      const [begin, end] = [since.value && new Date(since.value), until.value && new Date(until.value)];
      if (!begin && !end) throw new Error("Give at least one of them.");
      if (begin && end && begin >= end) throw new Error("The end is not after the beginning.");
      return { since: begin ? begin.toISOString() : null, until: end ? end.toISOString() : null };
    },
  });
}

function local(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
