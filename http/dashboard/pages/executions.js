// All executions, newest first: filtered, of any number, as they change.

import { h } from "../dom.js";
import { rest } from "../rest.js";
import { empty } from "../components/states.js";
import { virtualTable } from "../components/virtual_table.js";
import { COLUMNS, NARROW_WIDTHS, WIDTHS } from "../execution_columns.js";
import { filterBar, sameness, wanted } from "../execution_filter.js";
import { keepUp } from "../execution_list.js";

const PAGE = 100;

/** The page. */
export function executions({ query, signal }) {
  const filters = filterBar(query, signal);
  const place = h("div", {});
  let shown = null;
  let list = null;
  const show = (next) => {
    filters.show(next);
    if (sameness(next) === shown) return;
    shown = sameness(next);
    list?.abort();
    list = new AbortController();
    place.replaceChildren(tableOf(next, list.signal));
  };
  signal.addEventListener("abort", () => list.abort());
  show(query);
  const element = h(
    "section",
    { class: "page" },
    h("div", { class: "page-head" }, h("h1", {}, "Executions")),
    filters,
    place,
  );
  return { title: "Executions", element, query: show };
}

function tableOf(query, signal) {
  const isAll = !sameness(query).trim();
  const table = virtualTable({
    label: "Executions",
    columns: COLUMNS,
    widths: WIDTHS,
    narrowWidths: NARROW_WIDTHS,
    key: ({ id }) => id,
    load: (cursor) => rest.get("/api/executions", { ...wanted(query), limit: PAGE, cursor }, signal),
    nothing: () =>
      isAll
        ? empty("Nothing has run yet", "Executions appear here as soon as a schedule fires, or a workflow is run.")
        : empty("No execution is like that", "Choose other filters to see more."),
    signal,
  });
  keepUp(table, () => wanted(query), signal);
  return table;
}
