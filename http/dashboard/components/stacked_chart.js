// Counts over time as stacked columns, with a legend whose entries take a series out, and the same as a table.

import { fill, h, s } from "../dom.js";

const HEIGHT = 190;
const EDGE = { top: 12, right: 4, bottom: 24, left: 40 };

/**
 * `series`: `[{name, words, className}]` from the bottom up; `toggle(name)` is called when a legend's entry is pressed.
 * `.show(columns, hidden)`: columns `{label, title, values: {name: count}}`, `label` "" where none stands on the axis.
 */
export function stackedChart({ label, series, toggle, signal }) {
  return new StackedChart({ label, series, toggle, signal }).element;
}

class StackedChart {
  constructor(options) {
    this.options = options;
    this.columns = [];
    this.hidden = new Set();
    this.picked = null;
    this.plot = h("div", { class: "chart-plot", role: "img", tabindex: "0", on: {
      keydown: (event) => this.key(event),
      pointermove: (event) => this.pick(this.columnAt(event)),
      pointerleave: () => this.pick(null),
      blur: () => this.pick(null),
    } });
    this.tip = h("div", { class: "tl-tip", hidden: true, "aria-hidden": "true" });
    this.said = h("p", { class: "unseen", role: "status" });
    this.legend = h("div", { class: "chart-legend", role: "group", "aria-label": "Shown in the chart" });
    this.table = h("div", { class: "scrolls" });
    this.element = h("div", { class: "chart" },
      this.legend, h("div", { class: "chart-frame" }, this.plot, this.tip), this.said,
      h("details", { class: "chart-table" }, h("summary", {}, "As a table"), this.table));
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(this.plot);
    options.signal.addEventListener("abort", () => observer.disconnect());
    this.element.show = (columns, hidden) => {
      this.columns = columns;
      this.hidden = hidden;
      this.drawLegend();
      this.drawTable();
      this.draw();
    };
  }

  get shown() {
    return this.options.series.filter(({ name }) => !this.hidden.has(name));
  }

  draw() {
    const width = this.plot.clientWidth;
    if (!width || !this.columns.length) return;
    const sums = this.columns.map(({ values }) => this.shown.reduce((sum, { name }) => sum + (values[name] ?? 0), 0));
    const top = niceTop(Math.max(...sums));
    const y = (count) => HEIGHT - EDGE.bottom - (count / top) * (HEIGHT - EDGE.top - EDGE.bottom);
    this.step = (width - EDGE.left - EDGE.right) / this.columns.length;
    const bars = this.columns.flatMap((column, index) => this.bars(column, index, y));
    fill(this.plot, s("svg", { width, height: HEIGHT, "aria-hidden": "true", focusable: "false" }, hatches(),
      this.lines(width, top, y), bars, this.labels()));
    this.plot.setAttribute("aria-label", this.inWords());
  }

  lines(width, top, y) {
    return [0, top / 2, top].filter(Number.isInteger).map((count) => s("g", { class: "chart-line" },
      s("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(count), y2: y(count) }),
      s("text", { x: EDGE.left - 8, y: y(count) + 4, "text-anchor": "end" }, count.toLocaleString())));
  }

  bars({ values }, index, y) {
    const gap = this.step > 12 ? 3 : 1;
    let below = 0;
    const whole = { x: this.x(index), width: this.step, y: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom };
    const found = index === this.picked ? [s("rect", { class: "chart-picked", ...whole })] : [];
    for (const { name, className } of this.shown) {
      const count = values[name] ?? 0;
      if (!count) continue;
      const height = Math.max(2, y(below) - y(below + count));
      found.push(s("rect", { class: `bar ${className}`, x: this.x(index) + gap / 2, width: Math.max(1, this.step - gap),
        y: y(below) - height, height }));
      below += count;
    }
    return found;
  }

  x(index) {
    return EDGE.left + index * this.step;
  }

  labels() {
    const room = Math.ceil(52 / this.step);
    let last = -Infinity;
    return this.columns.map(({ label }, index) => {
      if (!label || index - last < room) return null;
      last = index;
      return s("text", { class: "chart-label", x: this.x(index) + this.step / 2, y: HEIGHT - 6,
        "text-anchor": "middle" }, label);
    });
  }

  drawLegend() {
    const { series, toggle } = this.options;
    const focused = this.legend.contains(document.activeElement) ? document.activeElement.dataset.series : null;
    fill(this.legend, series.map(({ name, words, className }) => h("button", {
      type: "button", class: "small", "aria-pressed": String(!this.hidden.has(name)), dataset: { series: name },
      on: { click: () => toggle(name) },
    }, h("span", { class: `swatch ${className}` }), `${words} ${this.total(name).toLocaleString()}`)));
    if (focused) this.legend.querySelector(`[data-series="${focused}"]`)?.focus();
  }

  drawTable() {
    const { series, label } = this.options;
    const rows = this.columns.filter(({ values }) => series.some(({ name }) => values[name])).reverse();
    fill(this.table, rows.length ? h("table", { class: "plain" }, h("caption", { class: "unseen" }, label),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Time"),
        series.map(({ words }) => h("th", { scope: "col", class: "number" }, words)))),
      h("tbody", {}, rows.map(({ title, values }) => h("tr", {}, h("th", { scope: "row" }, title),
        series.map(({ name }) => h("td", { class: "number" }, (values[name] ?? 0).toLocaleString()))))))
      : h("p", { class: "soft" }, "There is nothing to count yet."));
  }

  total(name) {
    return this.columns.reduce((sum, { values }) => sum + (values[name] ?? 0), 0);
  }

  inWords() {
    const told = this.shown.filter(({ name }) => this.total(name));
    const parts = told.map(({ name, words }) => `${this.total(name)} ${words}`);
    return `${this.options.label}: ${parts.join(", ") || "none"}. Arrow keys go from column to column.`;
  }

  columnAt({ clientX }) {
    const index = Math.floor((clientX - this.plot.getBoundingClientRect().left - EDGE.left) / this.step);
    return index >= 0 && index < this.columns.length ? index : null;
  }

  key(event) {
    const last = this.columns.length - 1;
    const from = this.picked ?? last + 1;
    const left = Math.max(0, from - 1);
    const right = Math.min(last, from + 1);
    const target = { ArrowLeft: left, ArrowRight: right, Home: 0, End: last, Escape: null }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.pick(target);
    if (target !== null) this.said.textContent = this.sentence(this.columns[target]).join(", ");
  }

  pick(index) {
    if (index === this.picked) return;
    this.picked = index;
    this.draw();
    this.tip.hidden = index === null;
    if (index === null) return;
    const [first, ...rest] = this.sentence(this.columns[index]);
    fill(this.tip, h("strong", {}, first), rest.map((line) => h("span", {}, line)));
    const middle = this.x(index) + this.step / 2;
    const isRight = middle > this.plot.clientWidth / 2;
    this.tip.style.setProperty("left", `${isRight ? middle - this.tip.offsetWidth - this.step : middle + this.step}px`);
    this.tip.style.setProperty("top", "12px");
  }

  sentence({ title, values }) {
    const told = this.shown.filter(({ name }) => values[name]);
    const parts = told.map(({ name, words }) => `${values[name].toLocaleString()} ${words}`);
    return [title, ...(parts.length ? parts.reverse() : ["nothing"])];
  }
}

/** A round number for the upper end of the axis whose half is whole as well. */
function niceTop(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((each) => Math.round(each * size))
    .find((each) => each >= most && each % 2 === 0) ?? most;
}

function hatches() {
  const turned = { width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  const hatch = (name) => s("pattern", { id: `hatch-${name}`, ...turned },
    s("rect", { class: `hatch-ground ${name}`, width: 5, height: 5 }),
    s("rect", { class: `hatch-line ${name}`, width: 2, height: 5 }));
  return s("defs", {}, hatch("skipped"), hatch("missed"));
}
