// What the server calls by short names, in words: why nothing ran, what was done, how a rule overlaps and catches up.

/** Why a due instant made no execution, as the end of a sentence that begins with its outcome. */
export const REASONS = {
  overlap: "an earlier run had not ended",
  excluded: "the day is excluded",
  maxRuns: "the schedule has made as many runs as it may",
  paused: "the schedule was paused",
  catchUpSkipped: "nothing could fire at that time, and the schedule does not catch up",
  catchUpWindow: "nothing could fire at that time, and it was too long ago to be caught up",
  superseded: "nothing could fire at that time; a later run stands for it",
  outside: "the event came before the schedule begins or after it ends",
  loop: "the event came of a run that this schedule had led to",
  chainTooLong: "too many schedules, one after the other, had led to the event",
};

/** What became of a due instant that ran. */
export const OUTCOMES = {
  started: "Ran when it was due",
  queued: "Was queued behind an earlier run",
  caughtUp: "Ran later, to catch up",
  backfilled: "Ran in a backfill",
  skipped: "Did not run",
  missed: "Did not run",
};

/** What may be chosen for executions that would overlap. */
export const OVERLAPS = [
  ["skip", "Skip the new one"],
  ["queueOne", "Queue one at the most"],
  ["queueAll", "Queue all"],
  ["cancelRunning", "Cancel the running one"],
  ["allow", "Let both run"],
];

/** What may be chosen for instants that passed while nothing could fire. */
export const CATCH_UPS = [
  ["latest", "Run once, for the latest"],
  ["all", "Run each"],
  ["skip", "Don’t run them"],
];

/** How an execution came to be. */
export const TRIGGERS = {
  cron: "by its rule",
  interval: "by its rule",
  at: "by its rule",
  event: "by an event",
  manual: "by hand",
  backfill: "by a backfill",
  retry: "as a retry",
  api: "by a call",
};

const ACTIONS = {
  createSchedule: "made the schedule",
  createScheduleOfWorkflow: "made the schedule",
  scheduleWorkflow: "made the schedule",
  updateSchedule: "changed the schedule",
  deleteSchedule: "deleted the schedule",
  triggerSchedule: "triggered a run",
  pauseSchedule: "paused the schedule",
  resumeSchedule: "resumed the schedule",
  syncSchedule: "had its state computed again",
  backfillSchedule: "started a backfill",
  cancelBackfill: "cancelled a backfill",
  cancelExecution: "cancelled a run",
  retryExecution: "retried a run",
  importSchedules: "imported the schedule",
};

/** What somebody did: "paused the schedule". A call that is not known here is shown by its name. */
export function done(action) {
  return ACTIONS[action] ?? action.replace(/([A-Z])/g, " $1").toLowerCase();
}

/** "1 schedule", "3 schedules", "10,000 schedules". */
export function counted(count, noun) {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}

/** A name in quotes that stays what it is beside text of another direction. */
export function quoted(name) {
  return `“\u2068${name}\u2069”`;
}
