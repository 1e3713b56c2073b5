// All schedules: search and filters that live in the address, rows that stay current, and what can be done to many at
// once.

import { h, say } from "../dom.js";
import { rest } from "../rest.js";
import { setQuery, to } from "../router.js";
import { can } from "../session.js";
import { choice, searchField } from "../components/filters.js";
import { icon } from "../components/icons.js";
import { empty } from "../components/states.js";
import { virtualTable } from "../components/virtual_table.js";
import { later, onSchedules } from "../schedule_changes.js";
import { newSchedule } from "../schedule_form.js";
import { changeRow } from "../schedule_lists.js";
import { COLUMNS, NARROW_WIDTHS, WIDTHS } from "../schedule_rows.js";
import { selectionBar } from "../schedule_selection.js";
import { counted } from "../schedule_words.js";

const FILTERS = ["q", "status", "workflowId", "attention"];
const PAGE = 100;
const SETTLE = 300;
const STATUSES = [
  ["", "All"],
  ["active", "Active"],
  ["paused", "Paused"],
  ["disabled", "Disabled"],
  ["error", "In error"],
  ["finished", "Finished"],
];
const ATTENTION = [
  ["", "All"],
  ["late", "Late"],
  ["failing", "Failing"],
  ["losing", "Losing runs"],
  ["error", "In error"],
];

/** The page. */
export function schedules({ query, signal }) {
  let now = query;
  const state = { selected: new Set(), sorted: sortOf(query) };
  const filters = () =>
    Object.fromEntries([
      ...FILTERS.map((name) => [name, now.get(name)]),
      ["sort", state.sorted.by],
      ["order", state.sorted.order],
    ]);
  const total = h("span", { class: "soft", role: "status" });
  const fresh = h(
    "button",
    { type: "button", class: "link", hidden: true, on: { click: () => table.reload() } },
    "There are new ones: show them",
  );
  const table = tableOf({
    state,
    filters,
    signal,
    onLoaded: (count, all) => {
      say(total, all === null ? "" : counted(all, "schedule"));
      fresh.hidden = true;
      bar.refresh();
    },
  });
  const bar = selectionBar({
    selected: state.selected,
    list: () => table,
    filters,
    changed: () => table.redraw(),
    reread: () => state.reread(),
    signal,
  });
  state.onSelect = () => bar.refresh();
  const parts = [
    searchField("q", "Search by name", query),
    choice("status", "Status", STATUSES, query),
    workflowChoice(query, signal),
    choice("attention", "Needs attention", ATTENTION, query),
  ];
  state.reread = keepCurrent({ table, filters, fresh, selected: state.selected, bar, signal });
  const button = can("admin") ? newButton() : null;
  const head = h("div", { class: "page-head" }, h("h1", {}, "Schedules"), total, fresh, button);
  const element = h("section", { class: "page" }, head, h("div", { class: "filters" }, parts), bar, table);
  return {
    title: "Schedules",
    element,
    query: (changed) => {
      now = changed;
      Object.assign(state.sorted, sortOf(changed));
      for (const part of parts) part.show(changed);
      state.selected.clear();
      bar.refresh();
      table.reload();
    },
  };
}

function newButton() {
  const button = h("button", { type: "button", class: "primary", on: { click: make } }, icon("plus"), "New schedule");
  return h("div", { class: "actions" }, button);
}

async function make() {
  const made = await newSchedule();
  if (made) location.hash = to(`/schedules/${encodeURIComponent(made.id)}`);
}

function sortOf(query) {
  return { by: query.get("sort") ?? "name", order: query.get("order") ?? "asc" };
}

function tableOf({ state, filters, signal, onLoaded }) {
  const { sorted } = state;
  return virtualTable({
    label: "Schedules",
    columns: COLUMNS,
    widths: WIDTHS,
    narrowWidths: NARROW_WIDTHS,
    rowHeight: 56,
    signal,
    sorted,
    onLoaded,
    key: ({ scheduleId }) => scheduleId,
    load: (cursor) => rest.get("/api/schedules/summaries", { ...filters(), limit: PAGE, cursor }, signal),
    onSort: (by) => setQuery({ sort: by, order: sorted.by === by && sorted.order === "asc" ? "desc" : null }),
    selected: can("operator") ? state.selected : undefined,
    onSelect: () => state.onSelect(),
    nothing: () => (FILTERS.some((name) => filters()[name]) ? noneFound() : none()),
  });
}

function none() {
  if (!can("admin")) return empty("No schedules yet", "An administrator can make one.");
  return empty(
    "No schedules yet",
    h(
      "p",
      {},
      "A schedule runs a workflow by a rule: a cron expression, an interval, at an instant, or when an event comes.",
    ),
    h("button", { type: "button", on: { click: make } }, "Make the first one"),
  );
}

function noneFound() {
  const clear = () => setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])));
  return empty("No schedule is like that", h("button", { type: "button", on: { click: clear } }, "Show all"));
}

function workflowChoice(query, signal) {
  const element = choice("workflowId", "Workflow", [["", "All"]], query);
  const select = element.querySelector("select");
  rest
    .get("/api/workflows", { limit: 500 }, signal)
    .then(({ items }) => {
      const known = new Set([...select.options].map((each) => each.value));
      for (const { id } of items) if (!known.has(id)) select.append(h("option", { value: id }, id));
      select.value = query.get("workflowId") ?? "";
    })
    .catch(() => {}); // the search and the other filters go on without it
  const show = element.show;
  element.show = (now) => {
    if (![...select.options].some((each) => each.value === (now.get("workflowId") ?? ""))) show(now);
    else select.value = now.get("workflowId") ?? "";
  };
  return element;
}

/**
 * Only rows in view are read again when something happened to them; the others when they come into view. Gives a
 * function that reads all again so.
 */
function keepCurrent({ table, filters, fresh, selected, bar, signal }) {
  const stale = new Set();
  const scroller = table.querySelector(".vt");
  const inView = () => [...table.querySelectorAll(".vt-body > .vt-row")].map((row) => row.dataset.key);
  const refresh = async () => {
    const ids = inView().filter((id) => stale.has(id));
    if (!ids.length) return;
    for (const id of ids) stale.delete(id);
    const found = await rest
      .get("/api/schedules/summaries", { ...filters(), ids: ids.join(","), limit: PAGE }, signal)
      .catch(() => null);
    if (found === null) return;
    const known = new Map(found.items.map((item) => [item.scheduleId, item]));
    for (const id of ids) {
      if (known.has(id)) changeRow(table, id, known.get(id));
      else gone(id);
    }
  };
  const gone = (id) => {
    table.remove(id);
    selected.delete(id);
    bar.refresh();
  };
  const all = () => {
    for (const { scheduleId } of table.items) stale.add(scheduleId);
    return refresh();
  };
  const settled = later(refresh, SETTLE, signal);
  scroller.addEventListener("scroll", settled, { passive: true });
  onSchedules(
    {
      changed: (events) => {
        const loaded = new Set(table.items.map(({ scheduleId }) => scheduleId));
        for (const { type, scheduleId } of events) {
          if (type === "schedule.deleted") gone(scheduleId);
          else if (loaded.has(scheduleId)) stale.add(scheduleId);
          else if (type === "schedule.created" && scroller.scrollTop > 0) fresh.hidden = false;
        }
        const isNew = events.some(({ type, scheduleId }) => type === "schedule.created" && !loaded.has(scheduleId));
        if (isNew && scroller.scrollTop === 0) table.reload();
        else refresh();
      },
      again: () => (scroller.scrollTop === 0 ? table.reload() : all()),
    },
    signal,
  );
  return all;
}
