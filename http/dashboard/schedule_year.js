// The calendar of a schedule's page: the last year, or one of those before, by day.

import { fill, h } from "./dom.js";
import { now } from "./clock.js";
import { rest } from "./rest.js";
import { setQuery } from "./router.js";
import { heatmap } from "./components/heatmap.js";
import { loaded } from "./components/states.js";

const DAY = 86_400_000;
const WEEKS_BEFORE = 52;

/** `createdAt`: the first year that can be chosen. `show(query)` follows the address, `reload()` reads it again. */
export function yearCard(id, createdAt, query, signal) {
  let chosen = query.get("year") ?? "";
  const map = loaded(async () => {
    const { since, until } = rangeOfYear(chosen);
    const { items } = await rest.get(`/api/schedules/${encodeURIComponent(id)}/days`, { since, until }, signal);
    const choose = (day) => setQuery({ tab: null, day });
    return heatmap({ label: "Runs by day", since, until, days: items, choose });
  }, signal);
  const select = h("select", { "aria-label": "Which year", on: { change: () => setQuery({ year: select.value }) } });
  fill(
    select,
    yearsOf(createdAt).map(([value, words]) => h("option", { value }, words)),
  );
  select.value = chosen;
  select.hidden = select.options.length < 3;
  const element = h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "card-head" },
      h("h2", {}, "The year, by day"),
      h("span", { class: "hint" }, "Days in UTC"),
      select,
    ),
    map,
  );
  element.reload = () => element.contains(document.activeElement) || map.reload(); // nobody loses the day he is at
  element.show = (changed) => {
    if ((changed.get("year") ?? "") === chosen) return;
    chosen = changed.get("year") ?? "";
    select.value = chosen;
    map.reload();
  };
  return element;
}

function rangeOfYear(year) {
  if (/^\d{4}$/.test(year)) return { since: `${year}-01-01`, until: `${year}-12-31` };
  const today = new Date(now());
  const monday = today.getTime() - ((today.getUTCDay() + 6) % 7) * DAY;
  return { since: text(monday - WEEKS_BEFORE * 7 * DAY), until: text(today.getTime()) };
}

const text = (at) => new Date(at).toISOString().slice(0, 10);

function yearsOf(createdAt) {
  const last = new Date(now()).getUTCFullYear();
  const years = [];
  for (let year = last; year >= new Date(createdAt).getUTCFullYear() && years.length < 20; year -= 1)
    years.push([String(year), String(year)]);
  return [["", "The last 12 months"], ...years];
}
