// The view lives in the address: `#/schedules/sch_1?tab=fires`. Back, forward, reload and links to colleagues work.

const routes = [];
let leave = null;
let shown = null;

/** Show `page` for addresses like `pattern`: `/schedules/:id`. */
export function route(pattern, page) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => (names.push(name), "([^/]+)"));
  routes.push({ expression: new RegExp(`^${source}$`), names, page });
}

/** The path and the query of the address now. */
export function place() {
  const [path, query = ""] = location.hash.slice(1).split("?", 2);
  return { path: path || "/", query: new URLSearchParams(query) };
}

/** The address of a view, for links: `to("/schedules", {status: "paused"})`. */
export function to(path, query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") params.set(name, value);
  }
  const text = params.toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

/** The address of one thing: `toOne("schedules", id)`. */
export function toOne(kind, id, query) {
  return to(`/${kind}/${encodeURIComponent(id)}`, query);
}

/** Change parts of the query; null and "" take a part out. `push`: as a new entry of the history. */
export function setQuery(changes, { push = false } = {}) {
  const { path, query } = place();
  const target = to(path, { ...Object.fromEntries(query), ...changes });
  if (target === (location.hash || "#/")) return;
  if (push) location.hash = target;
  else {
    history.replaceState(null, "", target);
    show();
  }
}

/**
 * Begin. `frame(page, context)` shows a page: `page(context)` gives `{title, element, query?(params)}`; `query` is
 * called when only the query has changed (without it the page is made anew). `context.signal` aborts when it is left.
 */
let frame = null;
export function beginRouting(showPage, missing) {
  frame = { showPage, missing };
  window.addEventListener("hashchange", show);
  show();
}

function show() {
  const { path, query } = place();
  if (shown?.path === path && shown.view?.query) {
    shown.view.query(query);
    return;
  }
  leave?.abort();
  leave = new AbortController();
  const { page, params } = matching(path);
  shown = { path, view: null };
  const view = page({ params, query, signal: leave.signal });
  shown.view = view;
  frame.showPage(view, leave.signal);
}

function matching(path) {
  for (const { expression, names, page } of routes) {
    const found = expression.exec(path);
    if (found) {
      const params = Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1])]));
      return { page, params };
    }
  }
  return { page: frame.missing, params: {} };
}

/** Make the page that is shown anew. */
export function again() {
  shown = null;
  show();
}
