// What runs now: how long against how long as a rule, at which step, and a way to stop it.

import { fill, h, keyed, say } from "./dom.js";
import { eachSecond, now } from "./clock.js";
import { rest } from "./rest.js";
import { to, toOne } from "./router.js";
import { can } from "./session.js";
import { duration, timeOf } from "./time.js";
import { paced } from "./overview_pace.js";
import { badge } from "./components/badge.js";
import { confirmed } from "./components/dialog.js";
import { failure } from "./components/states.js";
import { attempt, toast } from "./components/toast.js";

const LIMIT = 20;
const STEPS = 3;
const ENDS = new Set(["workflow.completed", "workflow.failed", "workflow.cancelled", "workflow.timedOut"]);
const STEP_ENDS = new Set(["workflow.step.completed", "workflow.step.failed", "workflow.step.skipped",
  "workflow.step.retrying"]);

/** The card; `.event(event)`, `.reload()`. */
export function runningSection(signal) {
  return new RunningSection(signal).element;
}

class RunningSection {
  constructor(signal) {
    this.signal = signal;
    this.items = [];
    this.ended = new Set();
    this.count = h("span", { class: "hint" });
    this.list = h("ul", { class: "running-list" });
    this.note = h("div", { class: "running-note" });
    this.element = h("section", { class: "card", "aria-labelledby": "running-title" },
      h("div", { class: "card-head" }, h("h2", { id: "running-title" }, "Running now"), this.count),
      this.list, this.note);
    this.readSoon = paced(() => this.read(), signal);
    eachSecond(() => this.tick(), signal);
    Object.assign(this.element, { event: (event) => this.event(event), reload: () => this.read() });
    this.read();
  }

  async read() {
    try {
      const found = await rest.get("/api/running", { limit: LIMIT }, this.signal);
      this.items = found.items.filter(({ id }) => !this.ended.has(id));
      this.hasMore = found.nextCursor !== null;
      this.draw();
    } catch (error) {
      if (error.name !== "AbortError") fill(this.note, failure(error, () => this.read()));
    }
  }

  event({ type, executionId, data, timestamp }) {
    if (type === "workflow.started") return this.readSoon();
    if (ENDS.has(type)) return this.end(executionId);
    const item = this.items.find(({ id }) => id === executionId);
    if (!item) return undefined;
    if (type === "workflow.step.progress") {
      const step = stepOf(item, data);
      if (step) step.progress = { done: data.done, total: data.total, note: data.note };
    } else if (type === "workflow.step.started") {
      item.current = [...item.current.filter(({ name }) => name !== data.step),
        { name: data.step, attempt: data.attempt, startedAt: timestamp, progress: null }];
    } else if (STEP_ENDS.has(type)) {
      item.current = item.current.filter(({ name }) => name !== data.step);
      this.readSoon();
    } else {
      return undefined;
    }
    return this.drawSoon();
  }

  end(id) {
    this.ended.add(id);
    if (this.ended.size > 1000) this.ended = new Set([...this.ended].slice(-500));
    const before = this.items.length;
    this.items = this.items.filter((item) => item.id !== id);
    if (this.items.length === before) return;
    if (this.hasMore) this.readSoon();
    this.drawSoon();
  }

  drawSoon() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = null;
    keyed(this.list, this.items, ({ id }) => id, (item) => entry(item), (element, item) => element.show(item));
    say(this.count, this.items.length ? `${this.items.length}${this.hasMore ? "+" : ""}` : "");
    this.element.classList.toggle("is-empty", !this.items.length);
    fill(this.note, this.items.length ? null : h("p", { class: "soft" }, "Nothing runs at the moment."),
      this.hasMore ? h("a", { href: to("/executions", { status: "running" }) }, "See all that run") : null);
  }

  tick() {
    for (const element of this.list.children) element.tick();
  }
}

function stepOf(item, { step, attempt }) {
  const found = item.current.filter(({ name }) => name === step);
  return found.find((each) => each.attempt === attempt) ?? found[0];
}

/** One execution; `.show(item)` brings it up to date, `.tick()` lets the time go on. */
function entry(item) {
  const name = item.scheduleName || item.workflowId;
  const state = h("span", {});
  const fillUp = h("span", { class: "gauge-fill" });
  const usual = h("span", { class: "gauge-usual" });
  const gauge = h("div", { class: "gauge", role: "meter", "aria-label": `Elapsed against usual: ${name}`,
    "aria-valuemin": "0" }, fillUp, usual);
  const time = h("p", { class: "soft" });
  const steps = h("div", { class: "running-steps" });
  const element = h("li", {},
    h("div", { class: "running-what" },
      h("a", { class: "cut running-name", href: toOne("executions", item.id), title: name }, name),
      h("p", { class: "soft running-sub" }, state,
        h("span", { class: "cut" }, item.scheduleName ? item.workflowId : "without a schedule"),
        h("span", {}, "since ", timeOf(item.startedAt)))),
    h("div", { class: "running-time" }, gauge, time),
    steps,
    h("div", { class: "actions" }, cancelButton(item, name)));
  let shown = item;
  element.tick = () => showTime(shown, { gauge, fillUp, usual, time });
  element.show = (found) => {
    shown = found;
    fill(state, badge(found.status));
    fill(steps, progress(found));
    element.tick();
  };
  return element;
}

function showTime(item, { gauge, fillUp, usual, time }) {
  const elapsed = Math.max(0, (now() - new Date(item.startedAt)) / 1000);
  const expected = item.usualDuration;
  const whole = expected ? Math.max(expected * 1.25, elapsed * 1.05) : null;
  const isOver = Boolean(expected) && elapsed > expected;
  gauge.classList.toggle("over", isOver);
  gauge.classList.toggle("unknown", !whole);
  fillUp.style.setProperty("width", whole ? `${(elapsed / whole) * 100}%` : "100%");
  usual.hidden = !whole;
  if (whole) usual.style.setProperty("left", `${(expected / whole) * 100}%`);
  const words = expected
    ? `${duration(Math.floor(elapsed))}, ${isOver ? "longer than the usual" : "of usually"} ${duration(expected)}`
    : `${duration(Math.floor(elapsed))}, no usual time yet`;
  gauge.setAttribute("aria-valuemax", (whole ?? Math.max(1, elapsed)).toFixed(1));
  gauge.setAttribute("aria-valuenow", elapsed.toFixed(0));
  gauge.setAttribute("aria-valuetext", words);
  say(time, words);
}

function progress({ current, stepsDone, stepsTotal, workflowId }) {
  const lines = current.slice(0, STEPS).map((step) => stepLine(step));
  if (current.length > STEPS) lines.push(h("p", { class: "soft" }, `and ${current.length - STEPS} more`));
  if (!lines.length) lines.push(h("p", { class: "soft" }, "Between two steps"));
  const own = current.length === 1 && current[0].progress?.total ? current[0].progress : null;
  const [done, total] = own ? [own.done, own.total] : [stepsDone, stepsTotal];
  const label = own ? `Progress of step ${current[0].name}` : `Steps done of ${workflowId}`;
  const words = own ? `${done} of ${total}` : `${stepsDone} of ${stepsTotal} steps`;
  const bar = h("progress", { max: total, value: Math.min(done, total), "aria-label": label });
  return [lines, total ? h("div", { class: "running-bar" }, bar, h("span", { class: "soft" }, words)) : null];
}

function stepLine({ name, attempt, progress: found }) {
  const more = [attempt > 1 ? `attempt ${attempt}` : null, found?.note || null].filter(Boolean).join(" · ");
  return h("p", { class: "cut", title: more ? `${name} · ${more}` : name },
    h("span", { class: "mono" }, name), more ? h("span", { class: "soft" }, ` · ${more}`) : null);
}

function cancelButton(item, name) {
  if (!can("operator")) return null;
  return h("button", { type: "button", class: "small", "aria-label": `Cancel: ${name}`, on: { click: async () => {
    const what = `The steps of “${name}” that run are told to stop, and no other begins. `
      + "What has finished stays, and it can be retried later.";
    if (!(await confirmed({ title: "Cancel this execution?", what, action: "Cancel the execution" }))) return;
    const found = await attempt(() =>
      rest.post(`/api/executions/${encodeURIComponent(item.id)}/cancel`).then((answer) => answer ?? true));
    if (found !== undefined) toast(`Cancelling: ${name}`);
  } } }, "Cancel");
}
