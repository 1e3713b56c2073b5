// The supervision tree, live: who runs, what waits for whom, who has crashed and was started again.

import { fill, h, keyed, say } from "../dom.js";
import { ActorTree } from "../actor_tree.js";
import { now } from "../clock.js";
import { watch } from "../live.js";
import { setQuery } from "../router.js";
import { localTime } from "../time.js";
import { searchField } from "../components/filters.js";
import { icon } from "../components/icons.js";
import { empty, failure, loading } from "../components/states.js";

const TONES = { running: "good", starting: "busy", restarting: "warn", holding: "wait", stopping: "dull", stopped: "dull" };
const KEPT_NOTES = 50;

/** The page. */
export function actors({ query, signal }) {
  const page = new ActorsPage(query, signal);
  return { title: "Actors", element: page.element, query: (params) => page.filter(params) };
}

class ActorsPage {
  constructor(query, signal) {
    this.tree = new ActorTree();
    this.filters = {};
    this.current = null;
    this.search = searchField("q", "Find an actor", query);
    this.trouble = h("input", { type: "checkbox", on: { change: () => setQuery({ trouble: this.trouble.checked ? "1" : null }) } });
    this.totals = h("dl", { class: "actor-totals" });
    this.body = h("div", { role: "rowgroup" });
    this.notes = h("div", { class: "actor-notes", role: "log", "aria-label": "Crashes and restarts since this page was opened" });
    this.place = h("div", { class: "card actor-card" }, loading("Waiting for the tree …"));
    this.element = h("section", { class: "page" },
      h("div", { class: "page-head" }, h("h1", {}, "Actors"), h("p", { class: "soft" }, "Who does the work, and who watches over whom")),
      this.totals,
      h("div", { class: "filters" }, this.search, h("label", { class: "choice" }, this.trouble, h("span", {}, "Only with trouble"))),
      this.place,
      h("section", { class: "card" }, h("h2", {}, "Crashes and restarts"), this.quiet = h("p", { class: "soft" }, "None since this page was opened."), this.notes));
    this.filter(query, false);
    watch("actors", (data) => this.take(data), signal, (refusal) => fill(this.place, failure(refused(refusal))));
  }

  filter(query, isReady = true) {
    this.search.show(query);
    this.filters = { text: query.get("q") ?? "", trouble: query.get("trouble") === "1" };
    this.trouble.checked = this.filters.trouble;
    if (isReady) this.draw();
  }

  take(data) {
    const changes = this.tree.take(data);
    for (const { actor } of changes) this.note(actor);
    this.draw(new Set(changes.map(({ actor }) => actor.path)));
  }

  note(actor) {
    this.quiet.hidden = true;
    const times = actor.restarts === 1 ? "once" : `${actor.restarts} times`;
    this.notes.prepend(h("p", {}, h("time", {}, localTime(now())), h("strong", {}, actor.path),
      h("span", {}, ` was started again (${times} by now): ${actor.lastError ?? "its supervisor asked for it"}`)));
    while (this.notes.children.length > KEPT_NOTES) this.notes.lastElementChild.remove();
  }

  draw(restarted = new Set()) {
    if (!this.tree.actors.size) return;
    this.drawTotals();
    const rows = this.tree.rows(this.filters);
    if (!rows.length) {
      fill(this.place, empty(this.filters.trouble ? "No actor has trouble" : "No actor is called so"));
      return;
    }
    this.grid ??= this.makeGrid();
    if (this.place.firstElementChild !== this.grid) fill(this.place, this.grid);
    keyed(this.body, rows, ({ actor, parent }) => actor?.path ?? `more ${parent}`, () => h("div", { role: "row", class: "actor-row" }),
      (element, row) => this.drawRow(element, row, restarted));
    this.keepFocusable();
  }

  makeGrid() {
    const heads = ["Actor", "Kind", "State", "Waiting", "Per second", "Handled", "Restarts", "Last error"];
    const classes = ["", "wide-only", "", "number", "number", "number wide-only", "number", "wide-only"];
    return h("div", { role: "treegrid", "aria-label": "Supervision tree", class: "actor-grid", on: { keydown: (event) => this.key(event) } },
      h("div", { role: "rowgroup" }, h("div", { role: "row", class: "actor-row actor-head" },
        heads.map((head, place) => h("div", { role: "columnheader", class: classes[place] }, head)))), this.body);
  }

  drawTotals() {
    const { actors: count, rate, waiting, restarts } = this.tree.totals;
    const shown = [["Actors", count], ["Messages a second", Math.round(rate)], ["Messages waiting", waiting], ["Restarts", restarts]];
    if (!this.totals.children.length) fill(this.totals, shown.map(([name]) => h("div", {}, h("dt", {}, name), h("dd", {}))));
    shown.forEach(([, value], place) => say(this.totals.children[place].lastElementChild, value.toLocaleString()));
  }

  drawRow(element, row, restarted) {
    if (row.more) {
      this.drawMore(element, row);
      return;
    }
    const { actor, depth, children, folded } = row;
    element.setAttribute("aria-level", String(depth + 1));
    if (children) element.setAttribute("aria-expanded", String(!folded));
    else element.removeAttribute("aria-expanded");
    if (element.actor !== actor || element.folded !== folded || element.count !== children) {
      element.count = children;
      element.actor = actor;
      element.folded = folded;
      fill(element, this.cells(row));
    }
    if (restarted.has(actor.path)) {
      element.animate([{ backgroundColor: "var(--warn-ground)" }, { backgroundColor: "transparent" }], 4000);
    }
  }

  cells({ actor, depth, children, folded }) {
    const fold = children
      ? h("button", { type: "button", class: "quiet fold", tabindex: "-1", "aria-label": `${folded ? "Show" : "Hide"} the ${children} below ${actor.name}`,
        on: { click: () => this.fold(actor.path, !folded) } }, icon("next"))
      : h("span", { class: "fold" });
    const depths = { "--depth": String(depth) };
    return [
      h("div", { role: "gridcell", class: "actor-name", style: depths, title: actor.path }, fold, h("span", { class: "cut" }, actor.name),
        children ? h("span", { class: "soft" }, String(children)) : null),
      h("div", { role: "gridcell", class: "cut wide-only soft" }, actor.kind),
      h("div", { role: "gridcell" }, h("span", { class: `actor-state tone-${TONES[actor.state] ?? "dull"}` }, actor.state)),
      h("div", { role: "gridcell", class: "number" }, actor.mailboxDepth.toLocaleString()),
      h("div", { role: "gridcell", class: "number" }, rateText(actor.handledPerSecond)),
      h("div", { role: "gridcell", class: "number wide-only" }, actor.handled.toLocaleString()),
      h("div", { role: "gridcell", class: `number ${actor.restarts ? "actor-restarted" : ""}` }, String(actor.restarts)),
      h("div", { role: "gridcell", class: "cut wide-only", title: actor.lastError ?? "" }, actor.lastError ?? h("span", { class: "none" }, "–")),
    ];
  }

  drawMore(element, { more, parent, depth }) {
    fill(element, h("div", { role: "gridcell", class: "actor-name", style: { "--depth": String(depth) } },
      h("button", { type: "button", class: "link", on: { click: () => { this.tree.wide.add(parent); this.draw(); } } }, `Show ${more.toLocaleString()} more`)));
  }

  fold(path, folded) {
    this.tree.folded.set(path, folded);
    this.draw();
  }

  // The keys of a tree: up and down go from row to row, right and left open and close.
  key(event) {
    const rows = [...this.body.children];
    const index = rows.indexOf(document.activeElement);
    if (index < 0) return;
    const row = rows[index];
    const target = { ArrowDown: rows[index + 1], ArrowUp: rows[index - 1], Home: rows[0], End: rows.at(-1) }[event.key];
    const isOpen = row.getAttribute("aria-expanded");
    if (target) this.focus(target);
    else if (event.key === "ArrowRight" && isOpen === "false") this.fold(row.actor.path, false);
    else if (event.key === "ArrowLeft" && isOpen === "true") this.fold(row.actor.path, true);
    else return;
    event.preventDefault();
  }

  focus(row) {
    this.current = row.dataset.key;
    this.keepFocusable();
    row.focus();
  }

  /** Just one row is in the order of the Tab key. */
  keepFocusable() {
    const rows = [...this.body.children];
    const one = rows.find((row) => row.dataset.key === this.current) ?? rows[0];
    for (const row of rows) row.tabIndex = row === one ? 0 : -1;
  }
}

function rateText(rate) {
  if (!rate) return "0";
  return rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString();
}

function refused({ code, detail }) {
  const isForbidden = code === "forbidden";
  return Object.assign(new Error(detail), { title: isForbidden ? "Not with this token" : "The tree can't be shown" });
}
