// What the marks of a timeline say, on hover, on focus and to screen readers.

import { duration, localTime, relative } from "../time.js";
import { wordOf } from "./badge.js";

/** Why a due instant made no execution, by the ledger's reason. */
const REASONS = {
  overlap: "an earlier run had not ended",
  excluded: "the day is excluded",
  maxRuns: "the schedule has made as many runs as it may",
  paused: "the schedule was paused",
  catchUpSkipped: "nothing could fire at its time, and the schedule does not catch up",
  catchUpWindow: "nothing could fire at its time, and it was too long ago to catch up",
  superseded: "nothing could fire at its time, and a later run stands for it",
  outside: "the event came before the schedule's start or after its end",
  loop: "the event came of a run that the schedule itself led to",
  chainTooLong: "too many schedules, one after the other, led to the event",
};
const TRIGGERS = {
  manual: "triggered by hand", backfill: "backfill", retry: "retry", api: "started by hand", event: "by an event",
};

/** A reason of the ledger in words. */
export function reasonInWords(reason) {
  return REASONS[reason] ?? reason ?? "no reason is stored";
}

/** A mark in words: a first line, and more. */
export function wordsOf(mark, now) {
  switch (mark.kind) {
    case "run": return wordsOfRun(mark.run, now);
    case "band": return wordsOfBand(mark.runs);
    case "gap": return wordsOfGaps(mark.gaps);
    case "coming": return wordsOfComing(mark);
    default: return wordsOfRest(mark);
  }
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
const at = (instant) => localTime(new Date(instant).toISOString());
const between = (first, last) => `${at(first)} to ${at(last)}`;

function wordsOfRun(run, now) {
  const by = TRIGGERS[run.trigger] ? [capital(TRIGGERS[run.trigger])] : [];
  if (run.status === "queued") return ["Queued", `For ${at(run.from)}`, ...by];
  if (run.to === null) return [`${capital(wordOf(run.status))} since ${at(run.from)}`,
    `For ${duration((now - run.from) / 1000)} so far`, ...by];
  return [capital(wordOf(run.status)), `${at(run.from)}, took ${duration((run.to - run.from) / 1000)}`, ...by];
}

function wordsOfBand(runs) {
  const counts = new Map();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const outcomes = [...counts].sort((a, b) => b[1] - a[1]).map(([status, count]) => `${count} ${wordOf(status)}`);
  return [`${runs.length} runs: ${outcomes.join(", ")}`, between(runs[0].from, runs.at(-1).from)];
}

function wordsOfGaps(gaps) {
  const counts = new Map();
  let first = Infinity;
  let last = -Infinity;
  for (const gap of gaps) {
    const why = `${wordOf(gap.outcome)}: ${reasonInWords(gap.reason)}`;
    counts.set(why, (counts.get(why) ?? 0) + (gap.instants ?? 1));
    first = Math.min(first, gap.from);
    last = Math.max(last, gap.to);
  }
  const lines = [...counts].map(([why, count]) => (count === 1 ? capital(why) : `${count} ${why}`));
  return [...lines, first === last ? at(first) : between(first, last)];
}

function wordsOfComing({ instants, isLate }) {
  const [first] = instants;
  const isOne = instants.length === 1;
  if (isLate) return [isOne ? "Due, and not fired yet" : `${instants.length} are due and not fired yet`, at(first)];
  if (isOne) return [`Fires at ${at(first)}`, capital(relative(new Date(first).toISOString()))];
  return [`Fires ${instants.length} times`, between(first, instants.at(-1))];
}

function wordsOfRest({ isPast }) {
  return isPast ? ["Earlier runs, not drawn", "Open the executions to see them"]
    : ["It goes on firing", "Only the next 200 fires are drawn"];
}
