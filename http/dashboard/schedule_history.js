// The executions of a schedule, newest first, as they happen.

import { h } from "./dom.js";
import { rest } from "./rest.js";
import { setQuery, toOne } from "./router.js";
import { duration, elapsedSince, timeOf } from "./time.js";
import { badge } from "./components/badge.js";
import { choice } from "./components/filters.js";
import { icon } from "./components/icons.js";
import { empty } from "./components/states.js";
import { virtualTable } from "./components/virtual_table.js";
import { changeRow, freshen, rangeOf } from "./schedule_lists.js";
import { TRIGGERS } from "./schedule_words.js";

const STATUSES = [
  ["", "All"],
  ["running", "Running"],
  ["waiting", "Waiting"],
  ["queued", "Queued"],
  ["succeeded", "Succeeded"],
  ["failed", "Failed"],
  ["timedOut", "Timed out"],
  ["cancelled", "Cancelled"],
  ["skipped", "Skipped"],
];
const COLUMNS = [
  { name: "status", title: "Run", cell: ({ id, status }) => h("a", { href: toOne("executions", id) }, badge(status)) },
  { name: "due", title: "Due", cell: ({ scheduledTime }) => timeOf(scheduledTime) },
  { name: "trigger", title: "Came", class: "wide-only soft", cell: ({ trigger }) => TRIGGERS[trigger] ?? trigger },
  { name: "started", title: "Started", class: "wide-only", cell: ({ startedAt }) => timeOf(startedAt) },
  { name: "duration", title: "Took", class: "number", cell: took },
  { name: "error", title: "Error", class: "wide-only after-number", cell: wrong },
];

/** The panel of the tab. `show(query)` follows the address, `changed(events)` reads what is new. */
export function historyTab(id, query, signal) {
  let now = query;
  const path = `/api/schedules/${encodeURIComponent(id)}/executions`;
  const load = (cursor) =>
    rest.get(path, { status: now.get("status"), ...rangeOf(now.get("day")), limit: 50, cursor }, signal);
  const key = (item) => item.id;
  const table = virtualTable({
    label: "Runs",
    columns: COLUMNS,
    signal,
    key,
    load,
    rowHeight: 42,
    widths: "7.5rem 10.5rem 7rem 10.5rem 6rem minmax(0, 1fr)",
    narrowWidths: "7rem minmax(0, 1fr) auto",
    nothing: () => (now.get("status") || now.get("day") ? empty("No run is like that") : empty("It has not run yet")),
  });
  const parts = [choice("status", "Status", STATUSES, query), dayChoice(query)];
  const element = h("div", { class: "stack" }, h("div", { class: "filters" }, parts), table);
  let shown = filterOf(now);
  element.show = (changed) => {
    now = changed;
    for (const part of parts) part.show(changed);
    if (filterOf(now) !== shown) table.reload();
    shown = filterOf(now);
  };
  element.changed = (events) => (now.get("status") ? table.reload() : refresh({ table, load, key, events, signal }));
  return element;
}

const filterOf = (query) => `${query.get("status")} ${query.get("day")}`;

async function refresh({ table, load, key, events, signal }) {
  await freshen(table, { load, key }).catch(() => {}); // the next event has it read again
  const newest = new Set(table.items.slice(0, 50).map(key));
  const older = new Set(events.map(({ executionId }) => executionId).filter((id) => id && !newest.has(id)));
  for (const item of table.items) {
    if (!older.has(item.id)) continue;
    const found = await rest.get(`/api/executions/${encodeURIComponent(item.id)}`, {}, signal).catch(() => null);
    if (found) changeRow(table, item.id, found);
  }
}

/** The day that the calendar led to, and a way back to all. */
export function dayChoice(query) {
  const input = h("input", { type: "date", on: { change: () => setQuery({ day: input.value || null }) } });
  const all = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-label": "All days",
      title: "All days",
      on: { click: () => setQuery({ day: null }) },
    },
    icon("close"),
  );
  const element = h(
    "span",
    { class: "choice" },
    h("label", { class: "choice" }, h("span", {}, "Day (UTC)"), input),
    all,
  );
  element.show = (now) => {
    const day = now.get("day") ?? "";
    if (document.activeElement !== input) input.value = day;
    all.hidden = !day;
  };
  element.show(query);
  return element;
}

function took({ duration: seconds, startedAt, endedAt }) {
  return startedAt && !endedAt ? elapsedSince(startedAt) : duration(seconds);
}

function wrong({ error }) {
  if (!error) return null;
  const text = `${error.type}: ${error.message}`;
  return h("span", { class: "cut", title: text }, text);
}
