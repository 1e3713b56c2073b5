// What a schedule's form has: each field with its place in the body of the call, and how it is read and written as
// text.

import { parsed } from "./schedule_acts.js";

/** The kinds of rules, each with what it is called and its own fields. */
export const KINDS = [
  ["cron", "Cron expression"],
  ["interval", "Interval"],
  ["at", "Once"],
  ["event", "On an event"],
  ["manual", "Only by hand"],
];
const BY_CLOCK = new Set(["cron", "interval", "at"]);

const text = { read: (given) => given.trim(), show: (value) => value ?? "" };
const optionalText = { read: (given) => given.trim() || null, show: (value) => value ?? "" };
const number = {
  read: (given) => (given.trim() === "" ? null : Number(given)),
  show: (value) => (value === null || value === undefined ? "" : String(value)),
};
const span = { read: (given) => given.trim() || null, show: spanText };
const instant = { read: fromLocal, show: localText };
const lines = {
  read: (given) => linesOf(given),
  show: (value) => [value ?? []].flat().join("\n"),
};
const cronLines = { ...lines, read: (given) => (linesOf(given).length === 1 ? linesOf(given)[0] : linesOf(given)) };
const object = (what, none) => ({
  read: (given) => (given.trim() ? parsed(given, what) : none),
  show: (value) => (value && Object.keys(value).length ? JSON.stringify(value, null, 2) : ""),
});
const truth = { read: (given) => given === "yes", show: (value) => (value ? "yes" : "no") };

/**
 * Name → `{at: its place in the body, read(text), show(value), kinds: the kinds of rules it goes with,
 * start: the text in a new form}`.
 */
export const FIELDS = {
  workflowId: { at: ["workflowId"], ...text, start: "" },
  name: { at: ["name"], ...text, start: "" },
  description: { at: ["description"], ...text, start: "" },
  enabled: { at: ["enabled"], ...truth, start: "yes" },
  cron: { at: ["scheduleConfig", "cron"], ...cronLines, kinds: "cron", start: "", isRule: true },
  interval: { at: ["scheduleConfig", "interval"], ...span, kinds: "interval", start: "", isRule: true },
  anchor: { at: ["scheduleConfig", "anchor"], ...instant, kinds: "interval", start: "", isRule: true },
  when: { at: ["scheduleConfig", "at"], ...instant, kinds: "at", start: "", isRule: true },
  event: { at: ["scheduleConfig", "event"], ...text, kinds: "event", start: "", isRule: true },
  eventFilter: {
    at: ["scheduleConfig", "eventFilter"],
    ...object("The filter", null),
    kinds: "event",
    start: "",
    isRule: true,
  },
  timezone: { at: ["scheduleConfig", "timezone"], ...text, kinds: "cron interval at event", start: "UTC" },
  overlap: { at: ["scheduleConfig", "overlap"], ...text, kinds: "cron interval at event", start: "skip" },
  catchUp: { at: ["scheduleConfig", "catchUp"], ...text, kinds: "cron interval at", start: "latest" },
  catchUpWindow: { at: ["scheduleConfig", "catchUpWindow"], ...span, kinds: "cron interval at", start: "" },
  startAt: { at: ["scheduleConfig", "startAt"], ...instant, kinds: "cron interval at event", start: "" },
  endAt: { at: ["scheduleConfig", "endAt"], ...instant, kinds: "cron interval at event", start: "" },
  jitter: { at: ["scheduleConfig", "jitter"], ...span, none: 0, kinds: "cron interval at", start: "" },
  maxRuns: { at: ["scheduleConfig", "maxRuns"], ...number, kinds: "cron interval at event", start: "" },
  exclude: { at: ["scheduleConfig", "exclude"], ...lines, kinds: "cron interval at event", start: "" },
  params: { at: ["executionConfig", "params"], ...object("The parameters", {}), start: "" },
  priority: { at: ["executionConfig", "priority"], ...number, start: "5" },
  timeout: { at: ["executionConfig", "timeout"], ...span, start: "" },
  maxConcurrency: { at: ["executionConfig", "maxConcurrency"], ...number, start: "1" },
  pauseOnFailure: { at: ["executionConfig", "pauseOnFailure"], ...number, start: "" },
  attempts: { at: ["executionConfig", "retryPolicy", "attempts"], ...number, start: "" },
  backoff: { at: ["executionConfig", "retryPolicy", "backoff"], ...span, start: "" },
  metadata: { at: ["metadata"], ...object("The metadata", {}), start: "" },
};

/** The texts of an empty form. */
export function startTexts() {
  return { kind: "cron", ...Object.fromEntries(Object.entries(FIELDS).map(([name, { start }]) => [name, start])) };
}

/** The texts of a form that shows a scheduled workflow. */
export function textsOf(schedule) {
  const kind = KINDS.map(([name]) => name).find((name) => schedule.scheduleConfig[name] !== undefined);
  const texts = Object.entries(FIELDS).map(([name, { at, show, none }]) => {
    const value = at.reduce((found, step) => found?.[step], schedule);
    return [name, show(value === none ? null : value)];
  });
  return { kind, ...Object.fromEntries(texts) };
}

/** Whether a field goes with a kind of rule. */
export function isFor(name, kind) {
  const { kinds } = FIELDS[name];
  return kinds === undefined || kinds.split(" ").includes(kind);
}

/** The body that makes a schedule. Throws what is no JSON, with the `field`. */
export function draftOf(texts) {
  const body = { scheduleConfig: ruleOf(texts), executionConfig: {} };
  for (const name of Object.keys(FIELDS)) {
    if (FIELDS[name].at[0] === "scheduleConfig" || texts[name].trim() === "") continue;
    put(body, name, texts[name]);
  }
  body.name ??= "";
  body.workflowId ??= "";
  return body;
}

/** The `scheduleConfig` in a form: the rule of the kind that is chosen, and what goes with it. */
export function ruleOf(texts) {
  const body = { scheduleConfig: {} };
  for (const name of Object.keys(FIELDS)) {
    const { at, isRule } = FIELDS[name];
    if (at[0] !== "scheduleConfig" || !isFor(name, texts.kind)) continue;
    if (texts[name].trim() !== "" || (isRule && name === ruleField(texts.kind))) put(body, name, texts[name]);
  }
  if (texts.kind === "manual") body.scheduleConfig.manual = true;
  return body.scheduleConfig;
}

/** The body that changes a schedule from what `before` says to what `texts` say; null: nothing is changed. */
export function changesOf(texts, before, schedule) {
  const body = {};
  const changed = (name) => texts[name] !== before[name];
  const isOther =
    texts.kind !== before.kind ||
    Object.keys(FIELDS).some((name) => FIELDS[name].isRule && isFor(name, texts.kind) && changed(name));
  for (const name of Object.keys(FIELDS)) {
    const { isRule, at } = FIELDS[name];
    if (!isFor(name, texts.kind)) continue;
    if (isRule ? isOther && (name === ruleField(texts.kind) || texts[name].trim() !== "") : changed(name))
      put(body, name, texts[name], schedule);
    if (at[1] === "retryPolicy" && changed(name)) withRetry(body, texts, schedule);
  }
  if (isOther && texts.kind === "manual") body.scheduleConfig = { ...body.scheduleConfig, manual: true };
  if (isOther && !BY_CLOCK.has(texts.kind))
    for (const name of ["jitter", "catchUpWindow"]) delete body.scheduleConfig[name];
  return Object.keys(body).length ? body : null;
}

/** The field of a message about `loc`, such as `["scheduleConfig", "exclude", 0]`; undefined: it is about none. */
export function fieldAt(loc, kind) {
  const fits = ([name, { at }]) => at.every((step, index) => loc[index] === step) && isFor(name, kind);
  return Object.entries(FIELDS).find(fits)?.[0];
}

/** The field with the rule itself, of a kind; undefined: it has none. */
export function ruleField(kind) {
  return kind === "at" ? "when" : kind === "manual" ? undefined : kind;
}

function put(body, name, given) {
  const { at, read, none } = FIELDS[name];
  let value;
  try {
    value = read(given) ?? none ?? null;
  } catch (error) {
    throw Object.assign(error, { field: name });
  }
  let place = body;
  for (const step of at.slice(0, -1)) place = place[step] ??= {};
  place[at.at(-1)] = value;
}

/** The retry policy is changed as a whole, so what the form does not show of it goes along. */
function withRetry(body, texts, schedule) {
  if (!texts.attempts.trim() && !texts.backoff.trim()) {
    body.executionConfig.retryPolicy = null;
    return;
  }
  const policy = { ...schedule.executionConfig.retryPolicy };
  if (texts.attempts.trim()) policy.attempts = FIELDS.attempts.read(texts.attempts);
  else delete policy.attempts;
  if (texts.backoff.trim()) policy.backoff = FIELDS.backoff.read(texts.backoff);
  else delete policy.backoff;
  body.executionConfig.retryPolicy = policy;
}

function linesOf(given) {
  return given
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** Seconds as they would be written by hand: "90s", "5m", "2h". */
export function spanText(seconds) {
  if (seconds === null || seconds === undefined) return "";
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ]) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** An instant for an input of the kind `datetime-local`, on the viewer's clock. */
export function localText(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/** The instant that such an input says; null: none. */
export function fromLocal(given) {
  return given ? new Date(given).toISOString() : null;
}
