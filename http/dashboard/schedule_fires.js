// The fire ledger: what became of each instant at which a schedule was due, and why it did not run, if it did not.

import { h } from "./dom.js";
import { rest } from "./rest.js";
import { toOne } from "./router.js";
import { duration, localTime, timeOf } from "./time.js";
import { badge } from "./components/badge.js";
import { choice } from "./components/filters.js";
import { empty } from "./components/states.js";
import { virtualTable } from "./components/virtual_table.js";
import { dayChoice } from "./schedule_history.js";
import { freshen, rangeOf } from "./schedule_lists.js";
import { OUTCOMES as WHAT, REASONS } from "./schedule_words.js";

const OUTCOMES = [
  ["", "All"],
  ["started", "Started"],
  ["queued", "Queued"],
  ["caughtUp", "Caught up"],
  ["skipped", "Skipped"],
  ["missed", "Missed"],
  ["backfilled", "Backfilled"],
];
const NARROW = "(max-width: 56rem)";
const LEAST_LATENESS = 0.5;
const COLUMNS = [
  { name: "due", title: "Due", cell: dueCell },
  { name: "outcome", title: "Outcome", class: "wide-only", cell: ({ outcome }) => badge(outcome) },
  { name: "why", title: "Why", cell: whyCell },
  {
    name: "late",
    title: "Decided late by",
    class: "wide-only number",
    cell: ({ lateness }) => h("span", { class: lateness < LEAST_LATENESS ? "soft" : null }, duration(lateness)),
  },
  {
    name: "run",
    title: "Run",
    class: "wide-only after-number",
    cell: ({ executionId }) =>
      executionId
        ? h("a", { href: toOne("executions", executionId) }, "Show the run")
        : h("span", { class: "none" }, "–"),
  },
];

/** The panel of the tab. `show(query)` follows the address, `changed(events)` reads what is new. */
export function firesTab(id, query, signal) {
  let now = query;
  const path = `/api/schedules/${encodeURIComponent(id)}/fires`;
  const load = (cursor) =>
    rest.get(path, { outcome: now.get("outcome"), ...rangeOf(now.get("day")), limit: 50, cursor }, signal);
  const key = ({ scheduledTime }) => scheduledTime;
  const table = virtualTable({
    label: "Fire ledger",
    columns: COLUMNS,
    signal,
    key,
    load,
    rowHeight: matchMedia(NARROW).matches ? 72 : 46,
    widths: "11rem 8rem minmax(0, 1fr) 8rem 8rem",
    narrowWidths: "8.5rem minmax(0, 1fr)",
    nothing: () =>
      now.get("outcome") || now.get("day") ? empty("No due instant is like that") : empty("It has not been due yet"),
  });
  const parts = [choice("outcome", "Outcome", OUTCOMES, query), dayChoice(query)];
  const element = h(
    "div",
    { class: "stack" },
    h("p", { class: "hint" }, "Each instant at which it was due has its row here, also when nothing ran."),
    h("div", { class: "filters" }, parts),
    table,
  );
  const filterOf = () => `${now.get("outcome")} ${now.get("day")}`;
  let shown = filterOf();
  element.show = (changed) => {
    now = changed;
    for (const part of parts) part.show(changed);
    if (filterOf() !== shown) table.reload();
    shown = filterOf();
  };
  element.changed = () => freshen(table, { load, key }).catch(() => {}); // the next event has it read again
  return element;
}

function dueCell({ scheduledTime, through, instants, outcome }) {
  const its = h("span", { class: "narrow-only" }, h("br", {}), badge(outcome));
  if (!through) return [timeOf(scheduledTime), its];
  return [
    timeOf(scheduledTime),
    its,
    h("span", { class: "row-more soft" }, `${instants.toLocaleString()} until ${localTime(through)}`),
  ];
}

function whyCell({ outcome, reason, blockedBy }) {
  const words = reason ? `${WHAT[outcome]}: ${REASONS[reason] ?? reason}` : (WHAT[outcome] ?? outcome);
  return h(
    "span",
    { class: "why", title: words },
    words,
    blockedBy ? [" – ", h("a", { href: toOne("executions", blockedBy) }, "show it")] : null,
  );
}
