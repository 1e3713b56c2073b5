// Executions and steps in words.

import { h } from "./dom.js";
import { toOne } from "./router.js";
import { relativeTime, timeOf } from "./time.js";

/** States in which an execution changes no more. */
export const ENDED = new Set(["succeeded", "failed", "cancelled", "timedOut", "skipped"]);
/** Those in which a step is under way. */
export const UNDER_WAY = new Set(["running", "retrying", "waiting"]);

const TRIGGERS = {
  cron: "cron",
  interval: "interval",
  at: "once",
  event: "event",
  manual: "by hand",
  backfill: "backfill",
  retry: "retry",
  api: "API",
};

/** What began it: "by hand". */
export function triggerWord(trigger) {
  return TRIGGERS[trigger] ?? trigger;
}

/** What a step waits for, as a sentence with links; null: nothing. */
export function awaitsInWords(awaits) {
  if (!awaits) return null;
  const deadline = awaits.until
    ? [", until ", timeOf(awaits.until), " (", relativeTime(awaits.until), ") at most"]
    : [];
  if (awaits.event) {
    const key = awaits.key ? [" with the key ", h("code", {}, awaits.key)] : [];
    return h("p", {}, "Waits for the event ", h("code", {}, awaits.event), key, deadline, ".");
  }
  if (awaits.executionId) {
    return h(
      "p",
      {},
      "Waits for the execution ",
      h("a", { href: toOne("executions", awaits.executionId) }, awaits.executionId),
      deadline,
      ".",
    );
  }
  return h("p", {}, "Waits until ", timeOf(awaits.until), " (", relativeTime(awaits.until), ").");
}

/** How long an attempt took, in seconds; null while it runs. */
export function secondsOf({ startedAt, endedAt }) {
  return endedAt === null || startedAt === null ? null : (new Date(endedAt) - new Date(startedAt)) / 1000;
}

/** How many are in which state: "12 succeeded, 1 failed". */
export function countsInWords(items, wordOf) {
  const counts = new Map();
  for (const { status } of items) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${wordOf(status)}`).join(", ");
}
