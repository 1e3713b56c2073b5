// States in words, with a picture and a colour: of executions, steps, schedules, due instants.

import { h } from "../dom.js";
import { icon } from "./icons.js";

/** State → its word, picture and tone (a class `tone-…`, for colours). */
export const STATES = {
  succeeded: ["succeeded", "ok", "good"],
  failed: ["failed", "failed", "bad"],
  timedOut: ["timed out", "timeout", "bad"],
  cancelled: ["cancelled", "cancelled", "dull"],
  running: ["running", "running", "busy"],
  waiting: ["waiting", "waiting", "wait"],
  queued: ["queued", "queued", "dull"],
  pending: ["pending", "queued", "dull"],
  retrying: ["retrying", "retry", "warn"],
  skipped: ["skipped", "skipped", "dull"],
  missed: ["missed", "missed", "warn"],
  started: ["started", "ok", "good"],
  caughtUp: ["caught up", "ok", "good"],
  backfilled: ["backfilled", "ok", "good"],
  active: ["active", "ok", "good"],
  paused: ["paused", "paused", "warn"],
  disabled: ["disabled", "disabled", "dull"],
  error: ["in error", "warning", "bad"],
  finished: ["finished", "finished", "dull"],
  late: ["late", "timeout", "warn"],
  failing: ["failing", "failed", "bad"],
  losing: ["losing runs", "missed", "warn"],
};

/** The colour's name of a state: `good`, `bad`, `busy`, `wait`, `warn`, `dull`. */
export function tone(state) {
  return STATES[state]?.[2] ?? "dull";
}

/** The state in words: "timed out". */
export function wordOf(state) {
  return STATES[state]?.[0] ?? state.replace(/([A-Z])/g, " $1").toLowerCase();
}

/** A state with its picture; `title`: more about it, on hover. */
export function badge(state, title) {
  const [, picture] = STATES[state] ?? ["", "disabled"];
  return h("span", { class: `badge tone-${tone(state)}`, title, dataset: { state } }, icon(picture), h("span", {}, wordOf(state)));
}
