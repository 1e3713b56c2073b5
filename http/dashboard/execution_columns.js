// The columns of a table of executions.

import { h } from "./dom.js";
import { toOne } from "./router.js";
import { duration, elapsedSince, timeOf } from "./time.js";
import { badge } from "./components/badge.js";
import { scheduleLink } from "./execution_schedules.js";
import { ENDED, triggerWord } from "./execution_words.js";

/** All of them; `widths` belong to them. */
export const COLUMNS = [
  {
    name: "status",
    title: "State",
    cell: (item) => badge(item.status, item.error ? `${item.error.type}: ${item.error.message}` : null),
  },
  { name: "execution", title: "Execution", cell: executionLink },
  { name: "schedule", title: "Schedule", class: "wide-only", cell: ({ scheduleId }) => scheduleLink(scheduleId) },
  { name: "trigger", title: "Begun by", class: "wide-only soft", cell: ({ trigger }) => triggerWord(trigger) },
  { name: "scheduled", title: "Scheduled for", class: "wide-only", cell: ({ scheduledTime }) => timeOf(scheduledTime) },
  { name: "started", title: "Started", class: "wide-only", cell: ({ startedAt }) => timeOf(startedAt) },
  { name: "duration", title: "Duration", class: "number", cell: took },
];
export const WIDTHS = "7.5rem minmax(9rem, 1.4fr) minmax(8rem, 1.6fr) 8.5rem 9.5rem 9.5rem 6.5rem";
export const NARROW_WIDTHS = "7.2rem minmax(0, 1fr) 6.4rem";

/** A link to an execution, called like its workflow. */
export function executionLink({ id, workflowId }) {
  return h(
    "a",
    { href: toOne("executions", id), title: `${workflowId} · ${id}`, "aria-label": `${workflowId}, execution ${id}` },
    workflowId,
  );
}

/** How long it took, or counting while it goes on. */
export function took({ status, startedAt, duration: seconds }) {
  if (startedAt && !ENDED.has(status)) return elapsedSince(startedAt);
  return seconds === null ? h("span", { class: "none" }, "–") : duration(seconds);
}

/** The newest first, as the server has them. */
export function newestFirst(one, other) {
  if (one.queuedAt !== other.queuedAt) return one.queuedAt < other.queuedAt ? 1 : -1;
  return one.id < other.id ? 1 : -1;
}
