// A year of days, a column for each week: how many runs there were and how they went, by shade, colour and mark.
// Arrow keys go from day to day, the day is said below in words, and a table has the months.

import { h, say } from "../dom.js";
import { duration } from "../time.js";

const DAY = 86_400_000;
const WEEK_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const long = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const month = new Intl.DateTimeFormat(undefined, { month: "short", timeZone: "UTC" });
const monthAndYear = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });
const COUNTS = [
  ["succeeded", "succeeded"],
  ["failed", "failed"],
  ["timedOut", "timed out"],
  ["cancelled", "cancelled"],
  ["skipped", "skipped"],
  ["missed", "missed"],
];

/**
 * `days`: `{day: "2026-11-25", succeeded, failed, timedOut, cancelled, skipped, missed, averageDuration}`, only those
 * that have something; `since` and `until`: the first and the last day; `choose(day)` when one is clicked or entered.
 */
export function heatmap({ label, since, until, days, choose }) {
  const known = new Map(days.map((each) => [each.day, each]));
  const most = Math.max(1, ...days.map(ended));
  const first = monday(since);
  const weeks = Math.floor((time(until) - first) / DAY / 7) + 1;
  const told = h("p", { class: "heat-told", role: "status" });
  const cells = new Map();
  const rows = WEEK_DAYS.map((name, row) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, row % 2 === 0 ? name : h("span", { class: "unseen" }, name)),
      Array.from({ length: weeks }, (_, week) => {
        const day = text(first + (week * 7 + row) * DAY);
        return day < since || day > until ? h("td", {}) : remembered(cells, day, cellOf(day, known.get(day), most));
      }),
    ),
  );
  const grid = h(
    "table",
    { class: "heat", role: "grid", "aria-label": label },
    h("thead", {}, monthRow(first, weeks)),
    h("tbody", {}, rows),
  );
  const goTo = roving({ cells, told, known, since, until });
  grid.addEventListener("keydown", (event) => key(event, goTo, choose));
  grid.addEventListener(
    "pointerover",
    ({ target }) => target.dataset?.day && say(told, inWords(target.dataset.day, known.get(target.dataset.day))),
  );
  grid.addEventListener(
    "click",
    ({ target }) => target.dataset?.day && (goTo(target.dataset.day), choose(target.dataset.day)),
  );
  const scroller = h("div", { class: "scrolls" }, grid);
  requestAnimationFrame(() => (scroller.scrollLeft = scroller.scrollWidth)); // the newest days are at the end
  say(
    told,
    days.length
      ? "Go to a day with the pointer or the arrow keys; Enter shows its runs."
      : "Nothing has run in this time.",
  );
  return h("div", { class: "heat-frame" }, scroller, told, legend(), asTable(days));
}

function remembered(cells, day, cell) {
  cells.set(day, cell);
  return cell;
}

function cellOf(day, counts, most) {
  const { kind, level } = shade(counts, most);
  return h("td", {
    role: "gridcell",
    tabindex: "-1",
    class: `heat-day heat-${kind}`,
    dataset: { day, level: String(level) },
    "aria-label": inWords(day, counts),
  });
}

/** Any failure is seen, then what did not run, then how many ran: four shades by the busiest day. */
function shade(counts, most) {
  if (!counts) return { kind: "none", level: 0 };
  const level = Math.max(1, Math.ceil((4 * Math.sqrt(ended(counts))) / Math.sqrt(most)));
  if (counts.failed + counts.timedOut) return { kind: counts.succeeded ? "some-bad" : "bad", level };
  if (counts.succeeded) return { kind: "good", level };
  return { kind: counts.missed ? "missed" : "other", level };
}

function ended({ succeeded, failed, timedOut, cancelled }) {
  return succeeded + failed + timedOut + cancelled;
}

/** "Wednesday, 25 November 2026: 24 succeeded, 1 failed; 1.2 s on average". */
function inWords(day, counts) {
  const parts = counts
    ? COUNTS.filter(([name]) => counts[name]).map(([name, words]) => `${counts[name].toLocaleString()} ${words}`)
    : [];
  const average = counts && counts.averageDuration !== null ? `; ${duration(counts.averageDuration)} on average` : "";
  return `${long.format(new Date(day))}: ${parts.length ? parts.join(", ") : "no runs"}${average}`;
}

/** One day is in the tab order; gives a function that goes to another. */
function roving({ cells, told, known, since, until }) {
  let now = cells.get(until);
  if (now) now.tabIndex = 0;
  return (day, step = 0) => {
    const wanted = step === 0 ? day : text(time(now.dataset.day) + step * DAY);
    const target = cells.get(wanted < since ? since : wanted > until ? until : wanted);
    if (!target) return null;
    now.tabIndex = -1;
    now = target;
    now.tabIndex = 0;
    now.focus();
    say(told, inWords(now.dataset.day, known.get(now.dataset.day)));
    return now.dataset.day;
  };
}

const STEPS = {
  ArrowUp: -1,
  ArrowDown: 1,
  ArrowLeft: -7,
  ArrowRight: 7,
  PageUp: -28,
  PageDown: 28,
  Home: -10_000,
  End: 10_000,
};

function key(event, goTo, choose) {
  if (event.key in STEPS) {
    event.preventDefault();
    goTo(null, STEPS[event.key]);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (event.target.dataset.day) choose(event.target.dataset.day);
  }
}

/** The name of a month above the first week that begins in it. */
function monthRow(first, weeks) {
  const cells = [];
  const monthOf = (week) => new Date(first + week * 7 * DAY).getUTCMonth();
  for (let week = 0; week < weeks; week += 1) {
    const at = new Date(first + week * 7 * DAY);
    const isNew =
      (week === 0 || monthOf(week - 1) !== monthOf(week)) && monthOf(week + 2) === monthOf(week) && weeks - week > 2;
    cells.push(h("td", { class: "heat-month" }, isNew ? h("span", {}, month.format(at)) : null));
  }
  return h("tr", { "aria-hidden": "true" }, h("td", {}), cells);
}

function legend() {
  const sample = (kind, level) => h("span", { class: `heat-day heat-${kind}`, dataset: { level: String(level) } });
  return h(
    "p",
    { class: "heat-legend hint" },
    h(
      "span",
      {},
      "fewer ",
      [1, 2, 3, 4].map((level) => sample("good", level)),
      " more",
    ),
    h("span", {}, sample("some-bad", 3), " some failed"),
    h("span", {}, sample("bad", 3), " all failed"),
    h("span", {}, sample("missed", 1), " missed"),
    h("span", {}, sample("other", 1), " cancelled or skipped"),
  );
}

function asTable(days) {
  if (!days.length) return null;
  const months = new Map();
  for (const each of days) {
    const name = each.day.slice(0, 7);
    const sum = months.get(name) ?? Object.fromEntries(COUNTS.map(([count]) => [count, 0]));
    for (const [count] of COUNTS) sum[count] += each[count];
    months.set(name, sum);
  }
  const rows = [...months].reverse().map(([name, sum]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, monthAndYear.format(new Date(`${name}-01`))),
      COUNTS.map(([count]) => h("td", { class: "number" }, sum[count].toLocaleString())),
    ),
  );
  return h(
    "details",
    { class: "more" },
    h("summary", {}, "The months as a table"),
    h(
      "div",
      { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Runs by month" },
      h(
        "table",
        { class: "plain" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Month"),
            COUNTS.map(([, words]) => h("th", { scope: "col", class: "number" }, words)),
          ),
        ),
        h("tbody", {}, rows),
      ),
    ),
  );
}

const time = (day) => Date.parse(`${day}T00:00:00Z`);
const text = (at) => new Date(at).toISOString().slice(0, 10);

function monday(day) {
  const at = time(day);
  return at - ((new Date(at).getUTCDay() + 6) % 7) * DAY;
}
