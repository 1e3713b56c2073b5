// The columns of the list of schedules: what one reads of each at a glance.

import { h } from "./dom.js";
import { toOne } from "./router.js";
import { relativeTime } from "./time.js";
import { badge } from "./components/badge.js";
import { spark } from "./components/spark.js";

/** How wide they are: on wide screens, and on narrow ones. */
export const WIDTHS = "minmax(9rem, 2.2fr) minmax(7rem, 1.5fr) 8.2rem 8rem 5rem 121px 4.5rem";
export const NARROW_WIDTHS = "minmax(0, 1fr) auto";

/** For `virtualTable`. */
export const COLUMNS = [
  { name: "name", title: "Name", sort: "name", cell: nameCell },
  { name: "rule", title: "Rule", class: "wide-only", cell: ruleCell },
  { name: "status", title: "Status", cell: statusCell },
  { name: "last", title: "Last run", class: "wide-only", cell: lastCell },
  {
    name: "next",
    title: "Next run",
    class: "wide-only",
    sort: "next",
    cell: ({ nextExecution }) => relativeTime(nextExecution),
  },
  { name: "recent", title: "Last 30 runs", class: "wide-only", cell: ({ recent }) => spark(recent) },
  { name: "running", title: "Running", class: "wide-only number", cell: runningCell },
];

function nameCell({ scheduleId, name, workflowId, nextExecution }) {
  return [
    h("a", { class: "row-name cut", dir: "auto", title: name, href: toOne("schedules", scheduleId) }, name),
    h(
      "span",
      { class: "row-more cut soft", title: workflowId },
      workflowId,
      nextExecution ? h("span", { class: "narrow-only" }, " · next ", relativeTime(nextExecution)) : null,
    ),
  ];
}

function ruleCell({ rule, timezone }) {
  return [h("span", { class: "row-rule cut", title: rule }, rule), h("span", { class: "row-more cut soft" }, timezone)];
}

/** Its state, and what is wrong with it: `{status, note, late, failuresInRow, lost}`. */
export function standing({ status, note, late, failuresInRow, lost }) {
  const isGoing = status === "active" || status === "paused" || status === "error";
  return [
    badge(status, note || undefined),
    late ? badge("late", "It should have fired, and nothing is decided yet") : null,
    isGoing && failuresInRow >= 2 ? badge("failing", `${failuresInRow} runs in a row have failed`) : null,
    lost
      ? badge("losing", `${lost} due ${lost === 1 ? "instant was" : "instants were"} missed in the last 24 hours`)
      : null,
  ];
}

function statusCell(item) {
  return h("span", { class: "standing" }, standing(item));
}

function lastCell({ lastExecution }) {
  if (!lastExecution) return h("span", { class: "none" }, "never");
  const { id, status, startedAt, endedAt, scheduledTime } = lastExecution;
  return h(
    "a",
    { class: "row-last", href: toOne("executions", id) },
    badge(status),
    relativeTime(endedAt ?? startedAt ?? scheduledTime),
  );
}

function runningCell({ running, queued }) {
  if (!running && !queued) return h("span", { class: "none" }, "–");
  return [running ? String(running) : "0", queued ? h("span", { class: "soft" }, ` +${queued} queued`) : null];
}
