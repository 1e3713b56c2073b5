// Runs and coming fires over time, a row per schedule; rows are read page by page, only those in view are drawn.

import { h, keyed } from "../dom.js";
import { eachSecond, now } from "../clock.js";
import { to, toOne } from "../router.js";
import { STATES, tone, wordOf } from "./badge.js";
import { icon } from "./icons.js";
import { drawAxis } from "./timeline_axis.js";
import { roving, tips } from "./timeline_focus.js";
import { marksOf, scaleOf } from "./timeline_marks.js";
import { wordsOf } from "./timeline_words.js";
import { virtualTable } from "./virtual_table.js";

const NARROW = matchMedia("(max-width: 56rem)");
const FLAG = 40;
const ROW = { wide: 34, narrow: 50 };

/**
 * `load(cursor)` gives `{items, nextCursor, total}`, an item as `timeline_rows.js` makes it; `range()` gives `{since,
 * until}` in milliseconds. Gives an element with `reload()`, `changed(scheduleId)` (its row has been changed in place),
 * `replace(row)`, `remove(scheduleId)`, `moved()` (the range is another one).
 */
export function timeline(options) {
  return new Timeline(options).element;
}

class Timeline {
  constructor(options) {
    this.options = options;
    this.plots = new Map();
    this.dirty = new Set();
    this.scale = scaleOf(0, 1, 1);
    this.axis = h("div", { class: "tl-axis" });
    this.flag = h("span", { class: "tl-flag" }, "now");
    this.element = h("div", { class: "timeline" });
    this.build();
    tips(this.element, (element) => wordsOf(element.mark, now()));
    this.settle = roving(this.element);
    this.listen(options.signal);
    Object.assign(this.element, {
      reload: () => this.table.reload(),
      changed: (id) => this.changed(id),
      moved: () => this.measure(),
      remove: (id) => this.table.remove(id),
      replace: (row) => this.table.change(row.scheduleId, () => row),
    });
  }

  build() {
    const { label, nothing, onLoaded, signal } = this.options;
    const before = this.table;
    if (before && this.last) this.kept = { ...this.last, items: [...before.items] };
    this.isNarrow = NARROW.matches;
    this.table = virtualTable({
      label,
      load: (cursor) => this.load(cursor),
      nothing,
      signal,
      onLoaded,
      key: (row) => row.scheduleId,
      rowHeight: this.isNarrow ? ROW.narrow : ROW.wide,
      widths: "minmax(8rem, 15rem) minmax(0, 1fr)",
      narrowWidths: "minmax(0, 1fr)",
      columns: [
        { name: "schedule", title: "Schedule", class: "tl-name", cell: (row) => this.name(row) },
        { name: "time", title: this.header(), class: "tl-cell", cell: (row) => this.plot(row) },
      ],
    });
    if (before) before.replaceWith(this.table);
    else this.element.prepend(this.table);
  }

  /** What is read; or, for a table that is built anew for another width, what the one before it had. */
  async load(cursor) {
    const kept = this.kept;
    this.kept = null;
    if (kept && cursor === null) return kept;
    this.last = await this.options.load(cursor);
    return this.last;
  }

  header() {
    return h("div", { class: "tl-header" }, h("span", { class: "unseen" }, "Runs and coming fires"), this.axis,
      this.flag);
  }

  listen(signal) {
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(this.axis);
    const rebuild = () => requestAnimationFrame(() => NARROW.matches !== this.isNarrow && this.build());
    NARROW.addEventListener("change", rebuild);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      NARROW.removeEventListener("change", rebuild);
    });
    eachSecond(() => this.tick(), signal);
  }

  /** The width or the range is another one: everything has a new place. */
  measure() {
    const { since, until } = this.options.range();
    const width = this.axis.clientWidth;
    if (!width) return;
    this.scale = scaleOf(since, until, width);
    this.element.style.setProperty("--lines", drawAxis(this.axis, this.scale));
    this.pixel = null;
    this.tick();
  }

  /** The line at now moves; rows are drawn again only when it has moved by a pixel. */
  tick() {
    const pixel = Math.round(this.scale.x(now()));
    if (pixel === this.pixel) return;
    this.pixel = pixel;
    this.element.style.setProperty("--now", `${pixel}px`);
    for (const tick of this.axis.children) tick.hidden = Math.abs(tick.place - pixel) < FLAG;
    for (const [id, plot] of this.plots) {
      if (plot.isConnected) this.draw(plot);
      else this.plots.delete(id);
    }
    this.settle();
  }

  changed(id) {
    if (!this.dirty.size) requestAnimationFrame(() => this.drawChanged());
    this.dirty.add(id);
  }

  drawChanged() {
    for (const id of this.dirty) {
      const plot = this.plots.get(id);
      if (plot?.isConnected) this.draw(plot);
    }
    this.dirty.clear();
    this.settle();
  }

  name(row) {
    const label = row.name || row.scheduleId;
    const link = h("a", { class: "tl-item cut", href: toOne("schedules", row.scheduleId), title: label,
      tabindex: "-1" }, label);
    if (row.status === "active") return link;
    const picture = h("span", { class: `tl-state tone-${tone(row.status)}`, title: wordOf(row.status) },
      icon(STATES[row.status]?.[1]), h("span", { class: "unseen" }, wordOf(row.status)));
    return h("span", { class: "tl-named" }, link, picture);
  }

  plot(row) {
    const plot = h("div", { class: "tl-plot", dataset: { status: row.status } });
    plot.row = row;
    this.plots.set(row.scheduleId, plot);
    this.draw(plot);
    queueMicrotask(this.settle);
    return plot;
  }

  draw(plot) {
    const marks = marksOf(plot.row, this.scale, now());
    keyed(plot, marks, (mark) => mark.key, (mark) => this.make(mark, plot.row), show);
  }

  make(mark, { scheduleId }) {
    const href = addressOf(mark, scheduleId);
    return href ? h("a", { href, tabindex: "-1" }) : h("span", { role: "img", tabindex: "-1" });
  }
}

function addressOf(mark, scheduleId) {
  if (mark.kind === "run") return toOne("executions", mark.run.id);
  if (mark.kind === "rest" && mark.isPast) return to("/executions", { scheduleId });
  if (mark.kind !== "band") return null;
  const at = (instant) => new Date(instant).toISOString();
  return to("/executions", { scheduleId, since: at(mark.runs[0].from), until: at(mark.runs.at(-1).from + 1) });
}

/** Bring a mark's element up to date, if it looks or says otherwise than it did. */
function show(element, mark) {
  element.mark = mark;
  const look = [mark.kind, Math.round(mark.x), Math.round(mark.width), mark.run?.status, mark.runs?.length,
    mark.share, mark.status,
    mark.gaps?.length, mark.outcome, mark.instants?.length, mark.isLate].join();
  if (element.look === look) return;
  element.look = look;
  const status = mark.run?.status ?? mark.status ?? mark.outcome;
  const isGoing = mark.run && mark.run.to === null;
  element.className = `tl-item mark ${mark.kind} tone-${mark.isLate ? "warn" : tone(status)}${isGoing ? " going" : ""}`;
  if (status) element.dataset.status = status;
  element.style.setProperty("left", `${mark.x.toFixed(1)}px`);
  element.style.setProperty("width", `${mark.width.toFixed(1)}px`);
  if (mark.share) element.style.setProperty("--share", `${mark.share * 100}%`);
  element.setAttribute("aria-label", wordsOf(mark, now()).join(". "));
}
