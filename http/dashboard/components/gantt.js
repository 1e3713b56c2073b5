// When each attempt of each step ran, as bars on one axis; those that run grow.

import { fill, h, keyed, say } from "../dom.js";
import { eachSecond, now } from "../clock.js";
import { duration, localTime } from "../time.js";
import { tone, wordOf } from "./badge.js";
import { nearest } from "./near.js";

const TICK_WIDTH = 90;
const TICKS = 4;
const MOST_ROWS = 400;
const SPANS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/**
 * `choose(name)` is called when a row is chosen. Gives an element with `show({begin, end, rows})`, where `end` is null
 * as long as it goes on and `rows` are `[{name, status, depth, attempts}]`, and `select(name)`.
 */
export function gantt({ label, choose, signal }) {
  const axis = h("div", { class: "gantt-axis", "aria-hidden": "true" });
  const list = h("ul", { class: "gantt-rows", "aria-label": label });
  const note = h("p", { class: "hint" });
  const element = h("div", { class: "gantt" }, axis, list, note);
  let shown = { begin: null, end: null, rows: [] };
  let chosen = null;
  const draw = () => {
    const range = rangeOf(shown, Math.floor(axis.clientWidth / TICK_WIDTH) || TICKS);
    fill(axis, range ? ticks(range) : null);
    if (range) element.style.setProperty("--tick", `${(tickOf(range) * 100_000) / range.span}%`);
    const rows = shown.rows.slice(0, MOST_ROWS);
    keyed(
      list,
      rows,
      ({ name }) => name,
      (row) => rowOf(row, choose),
      (item, row) => change(item, row, range, chosen),
    );
    say(note, shown.rows.length > rows.length ? `The first ${MOST_ROWS} of ${shown.rows.length} rows are shown.` : "");
  };
  element.show = (next) => {
    shown = next;
    draw();
  };
  element.select = (name) => {
    chosen = name;
    for (const item of list.children) mark(item, chosen);
    const item = [...list.children].find((each) => each.dataset.key === name);
    if (item)
      list.scrollTop = nearest(list.scrollTop, item.offsetTop - list.offsetTop, item.offsetHeight, list.clientHeight);
  };
  const observer = new ResizeObserver(draw);
  observer.observe(axis);
  signal.addEventListener("abort", () => observer.disconnect());
  eachSecond(() => shown.begin !== null && shown.end === null && draw(), signal);
  return element;
}

function rangeOf({ begin, end, rows }, most) {
  if (begin === null) return null;
  const from = new Date(begin).getTime();
  const ends = rows.flatMap(({ attempts }) => attempts.map((each) => at(each.endedAt)));
  const until = end === null ? now() : Math.max(at(end), ...ends.map((each) => (Number.isFinite(each) ? each : 0)));
  return { from, span: Math.max(1, until - from), most };
}

function at(iso) {
  return iso === null ? now() : new Date(iso).getTime();
}

/** The seconds from one mark of the axis to the next. */
function tickOf({ span, most }) {
  return (
    SPANS.find((size) => span / 1000 / size <= most) ?? SPANS.at(-1) * Math.ceil(span / 1000 / SPANS.at(-1) / most)
  );
}

function ticks({ from, span, most }) {
  const each = tickOf({ span, most });
  const found = [];
  for (let seconds = 0; seconds * 1000 <= span * 0.86 || seconds === 0; seconds += each) {
    const place = (seconds * 100_000) / span;
    found.push(
      h(
        "span",
        { class: "gantt-tick", style: { left: `${place}%` } },
        seconds === 0 ? localTime(new Date(from).toISOString()) : `+${duration(seconds)}`,
      ),
    );
  }
  return found;
}

function rowOf({ name, depth }, choose) {
  return h(
    "li",
    { class: `gantt-row depth-${depth}` },
    h("button", { type: "button", class: "gantt-name cut", title: name, on: { click: () => choose(name) } }, name),
    h("div", { class: "gantt-track", role: "img" }),
  );
}

function change(item, row, range, chosen) {
  const [, track] = item.children;
  track.setAttribute("aria-label", inWords(row));
  mark(item, chosen);
  if (range === null) {
    fill(track);
    return;
  }
  keyed(
    track,
    row.attempts,
    ({ number }) => number,
    () => h("span", {}),
    (bar, attempt) => {
      const begin = new Date(attempt.startedAt).getTime();
      const share = (value) => `${Math.min(100, Math.max(0, (value * 100) / range.span))}%`;
      bar.className = `gantt-bar tone-${toneOf(attempt, row)}${attempt.endedAt === null ? " goes-on" : ""}`;
      bar.style.setProperty("left", share(begin - range.from));
      bar.style.setProperty("width", share(at(attempt.endedAt) - begin));
      bar.title = sentence(attempt, row);
    },
  );
}

function mark(item, chosen) {
  const isChosen = item.dataset.key === chosen;
  item.classList.toggle("chosen", isChosen);
  item.firstElementChild.setAttribute("aria-pressed", String(isChosen));
}

function toneOf(attempt, { status, attempts }) {
  if (attempt.endedAt === null) return tone(status === "waiting" ? "waiting" : "running");
  if (attempt !== attempts.at(-1)) return tone("failed");
  return attempt.error ? tone(status === "timedOut" || status === "cancelled" ? status : "failed") : tone(status);
}

function sentence(attempt, { status, attempts }) {
  const isLast = attempt === attempts.at(-1);
  const state = isLast ? wordOf(status) : "failed";
  const span = duration((at(attempt.endedAt) - new Date(attempt.startedAt)) / 1000);
  const until = attempt.endedAt === null ? "now" : localTime(attempt.endedAt);
  return `Attempt ${attempt.number}: ${span}, ${state}, ${localTime(attempt.startedAt)} to ${until}`;
}

function inWords(row) {
  if (!row.attempts.length) return `${row.name}: ${wordOf(row.status)}, no attempt`;
  return `${row.name}: ${row.attempts.map((each) => sentence(each, row)).join("; ")}`;
}
