// The timeline of the overview: as much of the past as of what comes, moved by events.

import { h, say } from "./dom.js";
import { eachSecond, now } from "./clock.js";
import { rest } from "./rest.js";
import { setQuery } from "./router.js";
import { filterOf, SHOWN } from "./overview_health.js";
import { paced } from "./overview_pace.js";
import { empty } from "./components/states.js";
import { searchField } from "./components/filters.js";
import { timeline } from "./components/timeline.js";
import { rowOf, take } from "./components/timeline_rows.js";
import { attempt } from "./components/toast.js";

const HOUR = 3_600_000;
const RANGES = {
  "1h": [1, "1 h", "1 hour"], "6h": [6, "6 h", "6 hours"], "24h": [24, "24 h", "24 hours"], "3d": [72, "3 d", "3 days"],
};
const USUAL = "6h";
/** So much of the span on either side is drawn on before the page moves on, and is read ahead. */
const DRIFT = 0.1;
const AHEAD = 0.3;
const PAGE = 100;
const KEPT = 2000;
const MANY_IDS = 50;
const TURNS = new Set(["schedule.updated", "schedule.paused", "schedule.resumed", "schedule.error",
  "schedule.deleted"]);

/** The card; `.event(event)`, `.show(query)`, `.reload()`. */
export function timelineSection(query, signal) {
  return new TimelineSection(query, signal).element;
}

class TimelineSection {
  constructor(query, signal) {
    this.signal = signal;
    this.heard = [];
    this.rows = new Map();
    this.changedIds = new Set();
    this.take(query);
    this.centre = now();
    this.count = h("span", { class: "hint", role: "status" });
    this.all = h("button", { type: "button", class: "small", on: { click: () => setQuery({ show: null, q: null }) } },
      "Show all");
    this.search = searchField("q", "Find schedules", query);
    this.ranges = rangeButtons();
    this.timeline = timeline({
      label: "Timeline",
      load: (cursor) => this.load(cursor),
      range: () => this.range(),
      nothing: () => empty("No schedule fits.", this.isFiltered ? "Take the filter off to see all." : ""),
      onLoaded: (loaded, total) => this.told(total ?? loaded),
      signal,
    });
    this.element = h("section", { class: "card timeline-card", "aria-labelledby": "timeline-title" },
      h("div", { class: "card-head" }, h("h2", { id: "timeline-title" }, "Timeline"), this.count, this.all,
        h("div", { class: "timeline-tools" }, this.search, this.ranges)),
      this.timeline, legend());
    this.again = paced(() => this.timeline.reload(), signal, { least: 3000 });
    this.readChanged = paced(() => this.readRows(), signal);
    this.showControls(query);
    eachSecond(() => this.drift(), signal);
    Object.assign(this.element, {
      event: (event) => this.event(event),
      show: (now) => this.show(now),
      reload: () => this.timeline.reload(),
      recount: () => this.filter.attention && this.again(),
    });
  }

  take(query) {
    this.name = query.get("range") in RANGES ? query.get("range") : USUAL;
    this.filter = { ...filterOf(query.get("show")), q: query.get("q") };
    this.shown = query.get("show");
    this.isFiltered = Boolean(SHOWN[this.shown] || this.filter.q);
  }

  get span() {
    return RANGES[this.name][0] * HOUR;
  }

  range() {
    return { since: this.centre - this.span, until: this.centre + this.span };
  }

  /** The address has changed. */
  show(query) {
    const before = [this.name, JSON.stringify(this.filter)].join();
    this.take(query);
    this.showControls(query);
    if (before === [this.name, JSON.stringify(this.filter)].join()) return;
    this.centre = now();
    this.timeline.moved();
    this.timeline.reload();
  }

  showControls(query) {
    this.search.show(query);
    for (const button of this.ranges.children) {
      button.setAttribute("aria-pressed", String(button.dataset.range === this.name));
    }
    this.all.hidden = !this.isFiltered;
  }

  told(total) {
    const { q } = this.filter;
    const which = this.shown === "active" ? "active" : SHOWN[this.shown]?.[0];
    const words = [total.toLocaleString(), total === 1 ? "schedule" : "schedules", which, q ? `with “${q}”` : null];
    say(this.count, words.filter(Boolean).join(" "));
  }

  /** Time goes on: the line at now moves, and sometimes the page below it. */
  drift() {
    if (now() - this.centre < this.span * DRIFT) return;
    this.centre = now();
    this.timeline.moved();
    if (this.range().until > this.readUntil) this.again();
  }

  asked() {
    const { since, until } = this.range();
    this.readUntil = until + this.span * AHEAD * (this.span > 48 * HOUR ? 0.3 : 1);
    return { ...this.filter, since: new Date(since).toISOString(), until: new Date(this.readUntil).toISOString(),
      limit: PAGE };
  }

  async load(cursor) {
    const begun = this.heard.at(-1)?.seq ?? 0;
    if (cursor === null) this.first = this.asked();
    const found = await rest.get("/api/timeline", { ...this.first, cursor }, this.signal);
    const rows = found.items.map((item) => this.caughtUp(rowOf(item), begun));
    if (cursor === null) this.rows.clear();
    for (const row of rows) this.rows.set(row.scheduleId, row);
    return { ...found, items: rows };
  }

  /** What was told while a row was on its way to us may not be in it. */
  caughtUp(row, seq) {
    for (const event of this.heard) if (event.seq > seq && event.scheduleId === row.scheduleId) take(row, event);
    return row;
  }

  event(event) {
    if (!event.scheduleId) return;
    this.heard.push(event);
    if (this.heard.length > KEPT) this.heard.splice(0, KEPT / 2);
    if (event.type === "schedule.created" && !this.isFiltered) this.again();
    const row = this.rows.get(event.scheduleId);
    if (!row) return;
    if (event.type === "schedule.deleted") this.timeline.remove(event.scheduleId);
    else if (TURNS.has(event.type)) this.readAgain(event.scheduleId);
    else if (take(row, event)) this.timeline.changed(event.scheduleId);
  }

  readAgain(id) {
    this.changedIds.add(id);
    this.readChanged();
  }

  /** Read anew the rows whose coming fires are other ones now. */
  async readRows() {
    const ids = [...this.changedIds].slice(0, MANY_IDS);
    for (const id of ids) this.changedIds.delete(id);
    if (this.changedIds.size) this.readChanged();
    const begun = this.heard.at(-1)?.seq ?? 0;
    const { since, until, limit } = this.asked();
    const query = { since, until, limit, ids: ids.join(",") };
    const found = await attempt(() => rest.get("/api/timeline", query, this.signal));
    for (const item of found?.items ?? []) this.replace(this.caughtUp(rowOf(item), begun));
  }

  replace(row) {
    const old = this.rows.get(row.scheduleId);
    if (old && old.name === row.name && old.status === row.status) {
      Object.assign(old, row);
      this.timeline.changed(row.scheduleId);
    } else {
      this.rows.set(row.scheduleId, row);
      this.timeline.replace(row);
    }
  }
}

function rangeButtons() {
  const button = ([name, [, short, long]]) => h("button", {
    type: "button", "aria-label": `${short}: ${long} back and ahead`, dataset: { range: name },
    on: { click: () => setQuery({ range: name === USUAL ? null : name }) },
  }, short);
  return h("div", { class: "timeline-ranges", role: "group", "aria-label": "Time shown" }, Object.entries(RANGES).map(button));
}

function legend() {
  const entry = (className, words) => h("li", {}, h("span", { class: `mark ${className}`, "aria-hidden": "true" }),
    words);
  return h("div", { class: "tl-legend" },
    h("ul", { "aria-label": "Legend" }, entry("run tone-good", "succeeded"), entry("run tone-bad", "failed"),
      entry("run tone-busy going", "running"),
      entry("coming", "comes"), entry("gap tone-dull", "skipped"), entry("gap tone-warn", "missed")),
    h("p", { class: "hint wide-only" }, "Arrow keys go from mark to mark."));
}
