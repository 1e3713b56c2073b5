// What is done to schedules from their pages, each with a question that says how many it is about and what will
// happen.

import { h } from "./dom.js";
import { newKey, rest } from "./rest.js";
import { toOne } from "./router.js";
import { forAll } from "./components/bulk.js";
import { ask, field } from "./components/dialog.js";
import { attempt, toast } from "./components/toast.js";
import { counted, quoted } from "./schedule_words.js";

const NAMED = 5;

const path = (id, call) => `/api/schedules/${encodeURIComponent(id)}/${call}`;

/** Whether it makes sense to pause a schedule in that state. */
export const canPause = ({ status }) => status === "active" || status === "error";

/** Whether it makes sense to resume one. */
export const canResume = ({ status }) => status === "paused" || status === "error" || status === "disabled";

/** Ask for a note, and pause. `items`: `{scheduleId, name, status}`. Gives whether it was done. */
export async function pauseThem(items) {
  const meant = items.filter(canPause);
  if (!meant.length) return nothingToDo("None of them is active: there is nothing to pause.");
  const note = h("textarea", { name: "note", maxlength: 2000, class: "prose" });
  return doThem({
    meant,
    verb: "Paused",
    title: `Pause ${theirName(meant)}?`,
    action: meant.length === 1 ? "Pause" : `Pause ${meant.length}`,
    body: [
      h(
        "p",
        {},
        meant.length === 1 ? "It fires" : "They fire",
        " no more until somebody resumes ",
        meant.length === 1 ? "it" : "them",
        ". What runs now goes on.",
      ),
      names(meant),
      leftOut(items, meant, "not active"),
      field("Note", note, "Says why; shown on the schedule."),
    ],
    each: ({ scheduleId }) => rest.post(path(scheduleId, "pause"), { note: note.value.trim() }),
  });
}

/** Ask, and resume. */
export async function resumeThem(items) {
  const meant = items.filter(canResume);
  if (!meant.length) return nothingToDo("None of them is paused: there is nothing to resume.");
  return doThem({
    meant,
    verb: "Resumed",
    title: `Resume ${theirName(meant)}?`,
    action: meant.length === 1 ? "Resume" : `Resume ${meant.length}`,
    body: [
      h(
        "p",
        {},
        "From now on ",
        meant.length === 1 ? "it fires" : "they fire",
        " again. Of what was due meanwhile, that is made up for which ",
        meant.length === 1 ? "its" : "their",
        " catch-up rule says.",
      ),
      names(meant),
      leftOut(items, meant, "not paused"),
    ],
    each: ({ scheduleId }) => rest.post(path(scheduleId, "resume"), {}),
  });
}

/** Ask, and run several now, each with its own parameters. */
export async function triggerThem(items) {
  if (items.length === 1) return triggerOne(items[0]);
  return doThem({
    meant: items,
    verb: "Triggered",
    title: `Run ${theirName(items)} now?`,
    action: `Run ${items.length} now`,
    body: [
      h(
        "p",
        {},
        `Starts ${counted(items.length, "run")}, one of each schedule with its own parameters, `,
        "also where one runs already and where it is paused.",
      ),
      names(items),
    ],
    each: ({ scheduleId }) => rest.post(path(scheduleId, "trigger"), {}, { key: newKey() }),
  });
}

/**
 * A call that starts work, safe to be repeated after a lost answer; one that was refused is a new one when it is
 * repeated.
 */
export function startOnce(call) {
  let key = newKey();
  return async () => {
    try {
      return await call(key);
    } catch (error) {
      if (error.status) key = newKey();
      throw error;
    }
  };
}

/** Ask for parameters, and run one now. */
export async function triggerOne({ scheduleId, name }) {
  const params = h("textarea", { name: "params", spellcheck: "false", rows: 4, value: "{}" });
  const waits = h("input", { type: "checkbox", name: "respectOverlap" });
  const found = await ask({
    title: `Run ${quoted(name)} now?`,
    action: "Run now",
    body: [
      h("p", {}, "Starts one run now, besides those of the rule."),
      field(
        "Parameters, as JSON",
        params,
        "Beside those of the schedule, and before them. Leave {} for the schedule's own.",
      ),
      h("label", { class: "check" }, waits, h("span", {}, "Only if none is running")),
    ],
    submit: startOnce((key) =>
      rest.post(path(scheduleId, "trigger"), { params: parsed(params.value), respectOverlap: waits.checked }, { key }),
    ),
  });
  if (!found) return false;
  toast(`Started a run of ${quoted(name)}.`, {
    link: h("a", { href: toOne("executions", found.executionId) }, "Show it"),
  });
  return true;
}

/** Have state and counters worked out again. */
export async function syncOne({ scheduleId, name }) {
  if (await attempt(() => rest.post(path(scheduleId, "sync"), {})))
    toast(`State and counters of ${quoted(name)} are computed anew from its runs.`);
}

/** Ask, and delete; `unfinished`: how many executions of it have not ended. Gives whether it is gone. */
export async function deleteOne({ scheduleId, name }, unfinished) {
  const cancels = h("input", { type: "checkbox", name: "cancel" });
  const running =
    unfinished === 0
      ? "None of its runs is under way."
      : `${counted(unfinished, "run")} of it ${unfinished === 1 ? "has" : "have"} not ended: what runs is let finish.`;
  const gone = await ask({
    title: `Delete ${quoted(name)}?`,
    action: "Delete the schedule",
    danger: true,
    body: [
      h("p", {}, "It never fires again. The history of its runs stays until it is pruned. ", running),
      h("label", { class: "check" }, cancels, h("span", {}, "Cancel what runs, too, also what belongs to backfills")),
    ],
    submit: async () => {
      await rest.delete(path(scheduleId, "workflow"), cancels.checked ? { cancel: true } : {});
      return true;
    },
  });
  if (gone) toast(`Deleted ${quoted(name)}.`);
  return gone === true;
}

/** A text as JSON; throws a sentence. */
export function parsed(text, what = "The parameters") {
  let value;
  try {
    value = JSON.parse(text.trim() || "{}");
  } catch (error) {
    throw new Error(`${what} are no JSON: ${error.message}`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new Error(`${what} must be an object, such as {"region": "eu"}.`);
  return value;
}

async function doThem({ meant, verb, title, action, body, each }) {
  const isSure = await ask({ title, body, action, submit: () => true });
  if (!isSure) return false;
  if (meant.length > 1) {
    await forAll(meant, verb, each);
    return true;
  }
  const found = await attempt(() => each(meant[0]));
  if (found) toast(`${verb} ${quoted(meant[0].name)}.`);
  return found !== undefined;
}

function nothingToDo(why) {
  toast(why, { kind: "bad" });
  return false;
}

function theirName(items) {
  return items.length === 1 ? quoted(items[0].name) : counted(items.length, "schedule");
}

function names(items) {
  if (items.length === 1) return null;
  const more = items.length - NAMED;
  return h(
    "ul",
    { class: "names" },
    items.slice(0, NAMED).map(({ name }) => h("li", { class: "cut", dir: "auto", title: name }, name)),
    more > 0 ? h("li", { class: "soft" }, `and ${more.toLocaleString()} more`) : null,
  );
}

function leftOut(items, meant, why) {
  const count = items.length - meant.length;
  return count
    ? h(
        "p",
        { class: "hint" },
        `${counted(count, "other")} of the selected ${count === 1 ? "is" : "are"} ${why}, `,
        count === 1 ? "and stays as it is." : "and stay as they are.",
      )
    : null;
}
