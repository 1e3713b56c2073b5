// Executions per hour of the last day, from the server's aggregated rows.

import { fill, h } from "./dom.js";
import { eachSecond, now } from "./clock.js";
import { rest } from "./rest.js";
import { place, setQuery } from "./router.js";
import { paced } from "./overview_pace.js";
import { stackedChart } from "./components/stacked_chart.js";
import { failure } from "./components/states.js";

const HOUR = 3_600_000;
const HOURS = 24;
const SERIES = [
  { name: "succeeded", words: "succeeded", className: "series-succeeded" },
  { name: "cancelled", words: "cancelled", className: "series-cancelled" },
  { name: "skipped", words: "skipped", className: "series-skipped" },
  { name: "missed", words: "missed", className: "series-missed" },
  { name: "timedOut", words: "timed out", className: "series-timed-out" },
  { name: "failed", words: "failed", className: "series-failed" },
];
const COUNTED = new Set(["workflow.completed", "workflow.failed", "workflow.cancelled", "workflow.timedOut",
  "schedule.skipped", "schedule.missed"]);
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/** The card; `.event(event)`, `.show(query)`, `.reload()`. */
export function statisticsSection(query, signal) {
  const note = h("div", {});
  const label = "Executions, skipped and missed fires per hour in the last 24 hours";
  const chart = stackedChart({ label, series: SERIES, toggle, signal });
  const element = h("section", { class: "card is-empty", "aria-labelledby": "statistics-title" },
    h("div", { class: "card-head" }, h("h2", { id: "statistics-title" }, "Executions per hour"),
      h("span", { class: "hint" }, "last 24 hours")), chart, note);
  let found = [];
  let hidden = hiddenIn(query);
  let hour = null;
  const draw = () => {
    hour = Math.floor(now() / HOUR);
    chart.show(columnsOf(found, hour), hidden);
    element.classList.toggle("is-empty", !found.length);
  };
  const read = async () => {
    try {
      const since = new Date((Math.floor(now() / HOUR) - HOURS + 1) * HOUR).toISOString();
      found = (await rest.get("/api/statistics", { by: "hour", since }, signal)).items;
      fill(note);
      draw();
    } catch (error) {
      if (error.name !== "AbortError") fill(note, failure(error, read));
    }
  };
  const readSoon = paced(read, signal, { pause: 500, least: 3000 });
  eachSecond(() => hour !== null && Math.floor(now() / HOUR) !== hour && draw(), signal);
  element.event = ({ type }) => COUNTED.has(type) && readSoon();
  element.reload = read;
  element.show = (query) => {
    const wanted = hiddenIn(query);
    if ([...wanted].join() === [...hidden].join()) return;
    hidden = wanted;
    draw();
  };
  read();
  return element;
}

function hiddenIn(query) {
  const names = (query.get("hide") ?? "").split(",");
  return new Set(SERIES.map(({ name }) => name).filter((name) => names.includes(name)));
}

function toggle(name) {
  const hidden = hiddenIn(place().query);
  if (!hidden.delete(name)) hidden.add(name);
  setQuery({ hide: [...hidden].join(",") });
}

/** A column for each of the last 24 hours, whether something happened in it or not. */
function columnsOf(items, hour) {
  const known = new Map(items.map((item) => [Math.floor(Date.parse(item.start) / HOUR), item]));
  return Array.from({ length: HOURS }, (_, index) => {
    const start = new Date((hour - HOURS + 1 + index) * HOUR);
    const end = new Date(start.getTime() + HOUR);
    const title = `${dayAndClock.format(start)} to ${clock.format(end)}`;
    return { label: clock.format(start), title, values: known.get(start.getTime() / HOUR) ?? {} };
  });
}
