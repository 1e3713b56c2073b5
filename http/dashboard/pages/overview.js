// Everything at a glance, the worst first. Read once, then moved by events and by what the server says of itself.

import { fill, h } from "../dom.js";
import { follow, watch } from "../live.js";
import { rest } from "../rest.js";
import { attentionSection } from "../overview_attention.js";
import { healthSentence, serverFacts } from "../overview_health.js";
import { paced } from "../overview_pace.js";
import { runningSection } from "../overview_running.js";
import { statisticsSection } from "../overview_statistics.js";
import { timelineSection } from "../overview_timeline.js";
import { welcome } from "../overview_welcome.js";
import { failure, loading } from "../components/states.js";

/** Of these the counts or the list of what needs somebody may become others. */
const TELLING = /^schedule\.(created|updated|deleted|paused|resumed|error|failed|skipped|missed)$/;

/** The page. */
export function overview({ query, signal }) {
  const page = new Overview(query, signal);
  return { title: "Overview", element: page.element, query: (now) => page.show(now) };
}

class Overview {
  constructor(query, signal) {
    this.query = query;
    this.signal = signal;
    this.found = null;
    this.sections = null;
    this.sentence = healthSentence();
    this.server = serverFacts(signal);
    this.body = h("div", { class: "overview-body" }, loading());
    this.element = h("section", { class: "page overview" },
      h("div", { class: "overview-head" }, h("h1", {}, "Overview"), this.server.facts),
      this.sentence, this.server.trouble, this.body);
    this.readSoon = paced(() => this.read(), signal);
    this.begin();
  }

  async begin() {
    await this.read();
    if (this.found === null || this.signal.aborted) return;
    follow({ topic: "*", after: this.found.seq, event: (event) => this.event(event), gap: () => this.readAll() },
      this.signal);
    watch("server", (state) => this.told(state), this.signal);
  }

  async read() {
    try {
      this.found = await rest.get("/api/overview", {}, this.signal);
    } catch (error) {
      if (error.name !== "AbortError" && this.found === null) fill(this.body, failure(error, () => this.begin()));
      return;
    }
    this.server.show(this.found);
    this.draw();
  }

  readAll() {
    this.read();
    if (this.sections) for (const section of Object.values(this.sections)) section.reload?.();
  }

  draw() {
    const { schedules, attention, attentionTotal } = this.found;
    const isBare = schedules.total === 0;
    if (this.sections === null) this.make();
    this.element.classList.toggle("bare", isBare);
    this.sentence.hidden = isBare;
    this.welcome.hidden = !isBare;
    this.sentence.show(schedules, this.query);
    this.sections.attention.show(attention, attentionTotal, this.query);
  }

  make() {
    this.welcome = welcome();
    this.sections = {
      timeline: timelineSection(this.query, this.signal),
      attention: attentionSection(() => this.readSoon()),
      running: runningSection(this.signal),
      statistics: statisticsSection(this.query, this.signal),
    };
    const { timeline, attention, running, statistics } = this.sections;
    fill(this.body, this.welcome, timeline, h("div", { class: "overview-columns" }, attention, running), statistics);
  }

  event(event) {
    for (const section of Object.values(this.sections)) section.event?.(event);
    const isMended = event.type === "schedule.completed" && this.isWatched(event.scheduleId);
    if (isMended || TELLING.test(event.type)) this.readSoon();
  }

  isWatched(id) {
    return this.found.attention.some(({ scheduleId }) => scheduleId === id);
  }

  /** What the server says each second; what needs somebody is read again when its counts are others. */
  told(state) {
    this.server.show(state);
    if (!state.schedules) return;
    const before = JSON.stringify(this.found.schedules);
    this.found.schedules = { ...this.found.schedules, ...state.schedules };
    if (JSON.stringify(this.found.schedules) === before) return;
    this.draw();
    this.readSoon();
    this.sections.timeline.recount();
  }

  show(query) {
    this.query = query;
    if (this.sections === null) return;
    this.draw();
    this.sections.timeline.show(query);
    this.sections.statistics.show(query);
  }
}
