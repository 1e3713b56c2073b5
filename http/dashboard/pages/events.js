// The stream of events: what was committed, live, filtered by topic and key, and from any sequence number on.

import { fill, h, keyed, say } from "../dom.js";
import { follow, onStream } from "../live.js";
import { rest } from "../rest.js";
import { setQuery, toOne } from "../router.js";
import { timeOf } from "../time.js";
import { choice, searchField } from "../components/filters.js";
import { field } from "../components/dialog.js";
import { json } from "../components/json.js";
import { empty, failure, loading } from "../components/states.js";

const KEPT = 1_000;
const FIRST = 100;
const FRAME = 100;
const TOPICS = [
  ["", "All events"], ["schedule:*", "Schedules"], ["workflow:*", "Workflows"], ["execution:*", "Executions"],
  ["schedule:triggered", "Triggered"], ["schedule:skipped", "Skipped"], ["schedule:missed", "Missed"], ["schedule:failed", "Failed (schedules)"],
  ["schedule:error", "In error"], ["workflow:completed", "Completed"], ["workflow:failed", "Failed"], ["workflow:timedOut", "Timed out"],
  ["workflow:step:started", "Steps started"], ["workflow:step:failed", "Steps failed"], ["workflow:step:retrying", "Steps tried again"],
  ["server:*", "Server"],
];

/** The page. */
export function events({ query, signal }) {
  const page = new EventsPage(query, signal);
  return { title: "Events", element: page.element, query: (params) => page.change(params) };
}

class EventsPage {
  constructor(query, signal) {
    this.signal = signal;
    this.events = [];
    this.waiting = [];
    this.isPaused = false;
    this.open = new Set();
    this.build(query);
    onStream(() => this.tell(), signal);
    signal.addEventListener("abort", () => this.turn?.abort());
    this.change(query);
  }

  build(query) {
    this.filters = [choice("topic", "Topic", TOPICS.map((each) => [...each]), query), searchField("key", "Id of a schedule, workflow or execution", query)];
    this.after = h("input", { type: "number", min: "0", step: "1", inputmode: "numeric" });
    this.replay = h("form", { class: "event-replay", on: { submit: (event) => {
      event.preventDefault();
      setQuery({ after: this.after.value });
    } } }, field("Replay after number", this.after), h("button", { type: "submit" }, "Replay"),
    this.live = h("button", { type: "button", on: { click: () => { this.after.value = ""; setQuery({ after: null }); } } }, "Newest"));
    this.pause = h("button", { type: "button", "aria-pressed": "false", on: { click: () => this.turnPause() } }, "Hold");
    this.status = h("p", { class: "soft", role: "status" });
    this.list = h("ol", { class: "event-list", "aria-label": "Events, newest first" });
    this.note = h("div", {}, loading());
    this.element = h("section", { class: "page" },
      h("div", { class: "page-head" }, h("h1", {}, "Events"), h("div", { class: "actions" }, this.pause)),
      h("div", { class: "filters" }, this.filters, this.replay), this.status,
      h("div", { class: "card event-card" }, this.list, this.note));
  }

  /** Begin anew with what the address says. */
  async change(query) {
    this.turn?.abort();
    this.turn = new AbortController();
    const { signal } = this.turn;
    for (const filter of this.filters) filter.show(query);
    const topic = query.get("topic") || "*";
    const key = query.get("key") || null;
    const after = query.get("after");
    if (after !== null) this.after.value = after;
    this.live.hidden = after === null;
    this.events = [];
    this.waiting = [];
    this.draw();
    fill(this.note, loading());
    try {
      const start = after === null ? await this.newest(topic, key, signal) : Number(after);
      if (signal.aborted) return;
      this.draw();
      this.listen({ topic, key, after: start }, signal);
    } catch (error) {
      if (error.name !== "AbortError") fill(this.note, failure(error, () => this.change(query)));
    }
  }

  /** The newest stored ones are shown first; gives the number after which the live ones come. */
  async newest(topic, key, signal) {
    const { seq } = await rest.get("/api/overview", {}, signal);
    const query = { after: Math.max(0, seq - FIRST), limit: FIRST, topic: topic === "*" ? null : topic };
    const { items } = await rest.get("/api/events", query, signal).catch((error) => {
      if (error.name === "AbortError") throw error;
      return { items: [] };
    });
    for (const event of items) if (isOf(event, key)) this.events.unshift(event);
    return Math.max(seq, ...items.map((event) => event.seq));
  }

  listen({ topic, key, after }, signal) {
    follow({
      topic, key, after,
      event: (event) => this.take(event),
      begun: () => this.draw(),
      gap: ({ code, detail }) => {
        const isOver = code === "gone" || code === "ahead";
        fill(this.note, empty(isOver ? "Those events are not stored (any more); new ones follow" : "The server refused this", h("p", {}, detail)));
      },
    }, signal);
  }

  take(event) {
    this.waiting.push(event);
    if (this.isPaused || this.timer) {
      if (this.isPaused) this.tell();
      return;
    }
    this.timer = setTimeout(() => {
      this.timer = null;
      if (!this.isPaused) this.flush();
    }, FRAME);
  }

  flush() {
    for (const event of this.waiting.slice(-KEPT)) this.events.unshift(event);
    this.waiting = [];
    this.events.length = Math.min(this.events.length, KEPT);
    this.draw();
  }

  turnPause() {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    say(this.pause, this.isPaused ? "Go on" : "Hold");
    if (!this.isPaused) this.flush();
    this.tell();
  }

  tell() {
    const held = this.waiting.length;
    const count = this.events.length.toLocaleString();
    const text = this.isPaused ? `Held: ${held.toLocaleString()} new ${held === 1 ? "event waits" : "events wait"}` : `${count} shown, newest first`;
    say(this.status, text);
  }

  draw() {
    keyed(this.list, this.events, (event) => event.seq, (event) => this.row(event));
    if (this.events.length) fill(this.note);
    else if (this.note.querySelector(".loading")) fill(this.note, empty("No event yet", h("p", {}, "What happens next is shown here as soon as it is committed.")));
    this.tell();
  }

  row(event) {
    const more = h("div", { class: "event-more", hidden: true });
    const button = h("button", { type: "button", class: "link event-type mono", "aria-expanded": "false", on: { click: () => {
      more.hidden = !more.hidden;
      button.setAttribute("aria-expanded", String(!more.hidden));
      if (!more.hidden && !more.children.length) fill(more, json(event.data, `Data of event ${event.seq}`));
    } } }, event.type);
    return h("li", { class: `event-row tone-${toneOf(event.type)}` },
      h("span", { class: "event-seq mono" }, String(event.seq)), timeOf(event.timestamp), button, this.links(event), more);
  }

  links(event) {
    const text = short(event);
    return h("span", { class: "event-links cut" },
      event.workflowId ? h("a", { href: toOne("workflows", event.workflowId) }, event.workflowId) : null, " ",
      event.executionId ? h("a", { class: "mono", href: toOne("executions", event.executionId) }, event.executionId) : null, " ",
      event.scheduleId ? h("a", { class: "mono", href: toOne("schedules", event.scheduleId) }, event.scheduleId) : null,
      text ? h("span", { class: "soft" }, ` ${text}`) : null);
  }
}

function isOf(event, key) {
  return !key || [event.scheduleId, event.workflowId, event.executionId].includes(key);
}

/** What matters most in its data, in a few words. */
function short({ data }) {
  const parts = [data.step, data.reason, data.note, data.error?.message, data.name];
  return parts.filter((part) => typeof part === "string" && part).join(" · ");
}

function toneOf(type) {
  if (/failed|error|timedOut/.test(type)) return "bad";
  if (/skipped|missed|retrying|paused/.test(type)) return "warn";
  if (/completed/.test(type)) return "good";
  if (/started|triggered|progress/.test(type)) return "busy";
  return "dull";
}
