// Tells, a few times a second at the most, what became of schedules: events are gathered, so that a storm of them is
// one re-read.

import { follow } from "./live.js";

const TOPICS = [
  "schedule:*",
  "workflow:started",
  "workflow:completed",
  "workflow:failed",
  "workflow:cancelled",
  "workflow:timedOut",
];
const PAUSE = 400;

/**
 * `changed(events)` with those that came since the last call, of all schedules or of the one with that `key`;
 * `again()` when everything is to be read again: some events could not be told, or came before one listened.
 */
export function onSchedules({ key, changed, again }, signal) {
  let events = [];
  let isGap = false;
  const tell = later(
    () => {
      const told = events;
      const all = isGap;
      events = [];
      isGap = false;
      if (all) again();
      else if (told.length) changed(told);
    },
    PAUSE,
    signal,
  );
  const gap = () => {
    isGap = true;
    tell();
  };
  for (const topic of TOPICS) {
    follow(
      {
        topic,
        key,
        gap,
        begun: gap,
        event: (event) => {
          events.push(event);
          tell();
        },
      },
      signal,
    );
  }
}

/** A function that has `act` called once, a while after the first of the calls that came meanwhile. */
export function later(act, pause, signal) {
  let timer = null;
  signal?.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    if (signal?.aborted) return;
    timer ??= setTimeout(() => {
      timer = null;
      act();
    }, pause);
  };
}
