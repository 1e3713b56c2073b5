// A table of any length: rows are read page by page while one scrolls, and only those in view are in the document.

import { fill, h, keyed } from "../dom.js";
import { empty, failure } from "./states.js";

const SPARE = 8;

/**
 * `columns`: `{name, title, cell(item), class?, sort?}`; `cell` gives a node or a text; class `wide-only` leaves a
 * column out on narrow screens. `load(cursor)` gives `{items, nextCursor, total?}`. `key(item)`, `label`: what the table
 * is of. `open(item)`: its address, for links over the row. `nothing()`: what stands there when there is none.
 * `selected`: a Set of keys that the first column of check boxes fills, `onSelect` is called when it changed.
 * `widths`: CSS for `grid-template-columns`. `sorted`: {by, order}, `onSort(by)`.
 * Gives an element with `reload()`, `change(key, item => item)`, `prepend(item)`, `merge(items, compare)`, `remove(key)`, `find(key)`, `items`.
 */
export function virtualTable(options) {
  return new VirtualTable(options).element;
}

class VirtualTable {
  constructor(options) {
    this.options = { rowHeight: 44, nothing: () => empty("Nothing here"), ...options };
    this.items = [];
    this.places = new Map();
    this.total = null;
    this.cursor = null;
    this.isWhole = false;
    this.turn = 0;
    this.build();
    this.reload();
  }

  build() {
    const { label, columns, rowHeight, widths, signal } = this.options;
    this.body = h("div", { class: "vt-body", role: "rowgroup" });
    this.head = h("div", { class: "vt-head", role: "rowgroup" }, this.headRow());
    this.grid = h("div", { role: "table", "aria-label": label, class: "vt-grid" }, this.head, this.body);
    this.note = h("div", { class: "vt-note" });
    this.scroller = h("div", { class: "vt", tabindex: "0", role: "region", "aria-label": `${label}, scrolls` }, this.grid, this.note);
    this.scroller.style.setProperty("--row", `${rowHeight}px`);
    const select = this.options.selected ? "2.25rem " : "";
    this.scroller.style.setProperty("--columns", select + (widths ?? columns.map(() => "minmax(0, 1fr)").join(" ")));
    if (this.options.narrowWidths) this.scroller.style.setProperty("--narrow-columns", select + this.options.narrowWidths);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(this.scroller);
    signal?.addEventListener("abort", () => observer.disconnect());
    this.element = h("div", { class: "vt-frame" }, this.scroller);
    const self = this;
    Object.assign(this.element, {
      reload: () => this.reload(),
      change: (key, make) => this.change(key, make),
      prepend: (item) => this.prepend(item),
      merge: (items, compare) => this.merge(items, compare),
      remove: (key) => this.remove(key),
      find: (key) => this.items[this.places.get(key)],
      redraw: () => this.redraw(),
    });
    Object.defineProperty(this.element, "items", { get: () => self.items });
    Object.defineProperty(this.element, "total", { get: () => self.total });
  }

  headRow() {
    const { columns, selected } = this.options;
    const cells = columns.map((column) => h("div", { role: "columnheader", class: `vt-cell ${column.class ?? ""}`, ...this.sortState(column) },
      column.sort ? h("button", { type: "button", class: "sort", on: { click: () => this.options.onSort(column.sort) } }, column.title) : column.title));
    if (selected) cells.unshift(h("div", { role: "columnheader", class: "vt-cell vt-check" }, this.selectAll()));
    return h("div", { role: "row", class: "vt-row vt-head-row" }, cells);
  }

  sortState(column) {
    const { sorted } = this.options;
    if (!column.sort) return {};
    return { "aria-sort": sorted?.by === column.sort ? (sorted.order === "desc" ? "descending" : "ascending") : "none" };
  }

  selectAll() {
    const box = h("input", { type: "checkbox", "aria-label": "Select all that are loaded", on: { change: () => {
      for (const item of this.items) {
        if (box.checked) this.options.selected.add(this.options.key(item));
        else this.options.selected.delete(this.options.key(item));
      }
      this.options.onSelect?.();
      this.redraw();
    } } });
    return box;
  }

  async reload() {
    this.options.before?.();
    const turn = ++this.turn;
    this.isLoading = false;
    let found;
    try {
      this.isLoading = true;
      found = await this.options.load(null);
    } catch (error) {
      if (turn === this.turn && error.name !== "AbortError") fill(this.note, failure(error, () => this.reload()));
      return;
    } finally {
      if (turn === this.turn) this.isLoading = false;
    }
    if (turn !== this.turn) return;
    this.items = [];
    this.places.clear();
    fill(this.head, this.headRow());
    this.take(found);
    if (!this.items.length) fill(this.note, this.options.nothing());
  }

  take({ items, nextCursor, total = null }) {
    for (const item of items) {
      const key = this.options.key(item);
      if (this.places.has(key)) continue;
      this.places.set(key, this.items.length);
      this.items.push(item);
    }
    this.cursor = nextCursor;
    this.isWhole = nextCursor === null;
    this.total = total;
    fill(this.note);
    this.options.onLoaded?.(this.items.length, this.total, this.isWhole);
    this.draw();
  }

  async more() {
    if (this.isLoading || this.isWhole || !this.items.length) return;
    const turn = this.turn;
    this.isLoading = true;
    try {
      const found = await this.options.load(this.cursor);
      if (turn === this.turn) {
        this.isLoading = false;
        this.take(found);
      }
    } catch (error) {
      if (turn === this.turn && error.name !== "AbortError") {
        fill(this.note, failure(error, () => { this.isLoading = false; this.more(); }));
      }
    }
  }

  /** How many rows the scroll bar speaks of. */
  get length() {
    return this.isWhole ? this.items.length : Math.max(this.total ?? 0, this.items.length + 3);
  }

  draw() {
    const { rowHeight, key } = this.options;
    const height = this.scroller.clientHeight || 600;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / rowHeight) - SPARE);
    const end = Math.min(this.items.length, Math.ceil((this.scroller.scrollTop + height) / rowHeight) + SPARE);
    const length = this.items.length || !this.isWhole ? this.length : 0;
    this.body.style.setProperty("height", `${length * rowHeight}px`);
    this.grid.setAttribute("aria-rowcount", String(this.isWhole || this.total !== null ? length + 1 : -1));
    keyed(this.body, this.items.slice(first, end), key, (item) => this.row(item), (row, item) => {
      const place = this.places.get(key(item));
      row.style.setProperty("transform", `translateY(${place * rowHeight}px)`);
      row.setAttribute("aria-rowindex", String(place + 2));
      if (row.item !== item) this.complete(row, item);
    });
    const seen = Math.ceil((this.scroller.scrollTop + height) / rowHeight);
    if (seen + SPARE >= this.items.length) this.more();
  }

  row(item) {
    const row = h("div", { role: "row", class: "vt-row" });
    this.complete(row, item);
    return row;
  }

  complete(row, item) {
    const { columns, selected, key } = this.options;
    row.item = item;
    const cells = columns.map((column) => h("div", { role: "cell", class: `vt-cell ${column.class ?? ""}` }, column.cell(item)));
    if (selected) {
      const id = key(item);
      const box = h("input", { type: "checkbox", "aria-label": `Select ${item.name ?? id}`, checked: selected.has(id), on: { change: () => {
        if (box.checked) selected.add(id);
        else selected.delete(id);
        this.options.onSelect?.();
      } } });
      const known = row.querySelector(":scope > .vt-check input");
      if (known) known.checked = box.checked;
      cells.unshift(h("div", { role: "cell", class: "vt-cell vt-check" }, box));
    }
    exchange(row, cells);
  }

  redraw() {
    fill(this.body);
    this.draw();
  }

  /** A row has changed; `make` gives the new item from the old. */
  change(id, make) {
    const place = this.places.get(id);
    if (place === undefined) return false;
    this.items[place] = make(this.items[place]);
    this.draw();
    return true;
  }

  /** A new row at the top; one who has scrolled down keeps what he sees. */
  prepend(item) {
    if (this.places.has(this.options.key(item))) return;
    this.items.unshift(item);
    this.renumber();
    if (this.total !== null) this.total += 1;
    if (this.scroller.scrollTop > 0) this.scroller.scrollTop += this.options.rowHeight;
    fill(this.note);
    this.draw();
  }

  /**
   * These as they are now: known rows change, new ones come to their place in the order of `compare`. Who has scrolled
   * down keeps what he sees.
   */
  merge(items, compare) {
    const { key, rowHeight } = this.options;
    const fresh = [];
    for (const item of items) {
      const place = this.places.get(key(item));
      if (place === undefined) fresh.push(item);
      else this.items[place] = item;
    }
    if (fresh.length) {
      const { scrollTop } = this.scroller;
      const seen = this.items[Math.floor(scrollTop / rowHeight)];
      this.items = [...this.items, ...fresh].sort(compare); // nearly sorted already, which is quick
      this.renumber();
      if (this.total !== null) this.total += fresh.length;
      if (scrollTop > 0 && seen) this.scroller.scrollTop = this.places.get(key(seen)) * rowHeight + (scrollTop % rowHeight);
      fill(this.note);
    }
    this.draw();
  }

  remove(id) {
    const place = this.places.get(id);
    if (place === undefined) return;
    this.items.splice(place, 1);
    this.renumber();
    if (this.total !== null) this.total -= 1;
    this.draw();
    if (!this.items.length && this.isWhole) fill(this.note, this.options.nothing());
  }

  renumber() {
    this.places = new Map(this.items.map((item, place) => [this.options.key(item), place]));
  }
}

/** Let a row have these cells; those that say the same stay, so that a click or the focus on them is not lost. */
function exchange(row, cells) {
  if (row.childElementCount !== cells.length) fill(row, cells);
  else [...row.children].forEach((old, place) => old.isEqualNode(cells[place]) || old.replaceWith(cells[place]));
}
