// Makes up for what did not run: says how many runs it will be, and how far it has come.

import { h, keyed, say } from "./dom.js";
import { now } from "./clock.js";
import { rest } from "./rest.js";
import { can } from "./session.js";
import { localTime } from "./time.js";
import { ask, confirmed, field } from "./components/dialog.js";
import { attempt, toast } from "./components/toast.js";
import { parsed, startOnce } from "./schedule_acts.js";
import { fromLocal, localText } from "./schedule_fields.js";
import { counted, quoted } from "./schedule_words.js";

const DAY = 86_400_000;
const PAUSE = 300;
const MOST_LOOKED_AT = 1000;
const LEDGER_PAGE = 500;

/** Ask for a range, and backfill it; gives whether that has begun. */
export async function backfillOne({ workflow }) {
  const leave = new AbortController();
  const start = h("input", { type: "datetime-local", step: 1, value: localText(new Date(now() - DAY).toISOString()) });
  const end = h("input", { type: "datetime-local", step: 1, value: localText(new Date(now()).toISOString()) });
  const atOnce = h("input", { type: "number", min: 1, value: "1" });
  const params = h("textarea", { rows: 2, spellcheck: "false", value: "{}" });
  const plan = planned(workflow, leave.signal);
  const look = () => plan.look(fromLocal(start.value), fromLocal(end.value));
  for (const each of [start, end]) each.addEventListener("input", look);
  look();
  const found = await ask({
    title: `Backfill ${quoted(workflow.name)}`,
    action: "Start the backfill",
    body: [
      h(
        "p",
        {},
        "Runs once for each instant in the range at which it was due by its present rule and that has no run.",
      ),
      h(
        "div",
        { class: "pair" },
        field("From", start, "On your clock; belongs to it."),
        field("Until", end, "Does not belong to it."),
      ),
      plan.element,
      h(
        "div",
        { class: "pair" },
        field("Runs at once", atOnce, "1: one after the other, oldest first."),
        field("Parameters, as JSON", params, "Before those of the schedule."),
      ),
    ],
    submit: startOnce((key) => {
      const range = { start: fromLocal(start.value), end: fromLocal(end.value) };
      if (!range.start || !range.end) throw new Error("Give both ends of the range.");
      const limit = Number(atOnce.value);
      const body = {
        ...range,
        params: parsed(params.value),
        ...(limit > 1 ? { overlap: "allow", maxConcurrency: limit } : {}),
      };
      return rest.post(`/api/schedules/${encodeURIComponent(workflow.id)}/backfill`, body, { key });
    }),
  });
  leave.abort();
  if (found)
    toast(
      found.executionIds.length
        ? `Started a backfill of ${counted(found.executionIds.length, "run")}.`
        : "There was nothing to make up for in that range.",
    );
  return found !== undefined;
}

/** Says how many runs a range would make, a moment after it was changed. */
function planned(workflow, signal) {
  const element = h("p", { class: "plan", role: "status" });
  let timer = null;
  let turn = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  const tell = async (start, end) => {
    const mine = ++turn;
    const words = await counting(workflow, start, end, signal).catch((error) =>
      error.name === "AbortError" ? "" : error.message,
    );
    if (mine === turn) say(element, words);
  };
  return {
    element,
    look: (start, end) => {
      clearTimeout(timer);
      turn += 1;
      if (!start || !end || end <= start) say(element, "The end is to be after the start.");
      else timer = setTimeout(() => tell(start, end), PAUSE);
    },
  };
}

async function counting(workflow, start, end, signal) {
  const latest = new Date(now()).toISOString();
  const until = end < latest ? end : latest;
  if (until <= start) return "What is still to come is left to the schedule: there is nothing to make up for.";
  const asked = {
    scheduleConfig: workflow.scheduleConfig,
    scheduleId: workflow.id,
    from: start,
    until,
    limit: MOST_LOOKED_AT,
    assumedDuration: 0,
  };
  const [preview, ledger] = await Promise.all([
    rest.post("/api/schedules/preview", asked, { signal }),
    rest.get(
      `/api/schedules/${encodeURIComponent(workflow.id)}/fires`,
      { since: start, until, limit: LEDGER_PAGE },
      signal,
    ),
  ]);
  const due = preview.items
    .filter(({ reason }) => reason !== "excluded" && reason !== "outside")
    .map(({ scheduledTime }) => scheduledTime);
  const ran = new Set(ledger.items.filter(({ executionId }) => executionId).map(({ scheduledTime }) => scheduledTime));
  const left = due.filter((each) => !ran.has(each)).length;
  if (preview.truncated)
    return `It was due more than ${due.length.toLocaleString()} times in it. At most 10,000 runs can be made at once.`;
  if (ledger.nextCursor)
    return `It was due ${counted(due.length, "time")} in this range. Those that have a run already are left alone.`;
  const others = due.length - left;
  const more = others ? `; ${others.toLocaleString()} more ${others === 1 ? "has" : "have"} one already` : "";
  return `This makes ${counted(left, "run")}${more}.`;
}

/** The backfills that run, and those that ended while one looked; `reload()` when something happened. */
export function backfillPanel(id, signal) {
  const list = h("div", { class: "stack" });
  const element = h(
    "section",
    { class: "card", hidden: true },
    h("div", { class: "card-head" }, h("h2", {}, "Backfills")),
    list,
  );
  const shown = new Set();
  element.reload = async () => {
    const found = await rest
      .get(`/api/schedules/${encodeURIComponent(id)}/backfills`, { limit: 20 }, signal)
      .catch(() => null);
    if (found === null) return;
    for (const each of found.items) if (each.status === "running") shown.add(each.id);
    const items = found.items.filter((each) => shown.has(each.id));
    element.hidden = items.length === 0;
    keyed(list, items, (each) => each.id, make, show);
  };
  element.watch = (backfillId) => shown.add(backfillId);
  element.reload();
  return element;
}

function make(backfill) {
  const cancel = h(
    "button",
    { type: "button", class: "small", on: { click: () => stop(backfill) } },
    "Cancel the rest …",
  );
  return h(
    "div",
    { class: "backfill" },
    h(
      "div",
      { class: "backfill-head" },
      h("strong", {}, `${localTime(backfill.start)} to ${localTime(backfill.end)}`),
      h("span", { class: "backfill-words" }),
      can("operator") ? cancel : null,
    ),
    h("progress", { "aria-label": "Of the backfill" }),
  );
}

function show(element, { status, total, queued, running, succeeded, failed, cancelled }) {
  const ended = succeeded + failed + cancelled;
  const parts = [
    `${ended.toLocaleString()} of ${total.toLocaleString()} done`,
    running && `${running} running`,
    queued && `${queued.toLocaleString()} queued`,
    failed && `${failed.toLocaleString()} failed`,
    cancelled && `${cancelled.toLocaleString()} cancelled`,
  ].filter(Boolean);
  say(element.querySelector(".backfill-words"), `${status === "running" ? "" : `${status}: `}${parts.join(", ")}`);
  const bar = element.querySelector("progress");
  bar.max = Math.max(1, total);
  bar.value = total ? ended : 1;
  const button = element.querySelector("button");
  if (button) button.hidden = status !== "running";
}

async function stop({ id, start, end }) {
  const isSure = await confirmed({
    title: "Cancel the rest of the backfill?",
    action: "Cancel the rest",
    what:
      `Nothing more of the backfill from ${localTime(start)} to ${localTime(end)} begins, ` +
      "and what runs of it is asked to end. What has ended stays.",
  });
  if (isSure && (await attempt(() => rest.post(`/api/backfills/${encodeURIComponent(id)}/cancel`, {}))))
    toast("The rest of the backfill is cancelled.");
}
