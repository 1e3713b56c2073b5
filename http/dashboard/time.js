// Instants in the viewer's zone with UTC on hover, and spans of time in words.

import { h, say } from "./dom.js";
import { eachSecond, now } from "./clock.js";

const DAY = 86_400_000;
const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const longForm = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/** An instant as text: today's as a time, this half year's with the day, others with the year. */
export function localTime(iso) {
  const at = new Date(iso);
  if (at.toDateString() === new Date(now()).toDateString()) return clockTime.format(at);
  return (Math.abs(at - now()) < 180 * DAY ? dayAndTime : longForm).format(at);
}

/** The same instant in UTC, whole. */
export function utc(iso) {
  return `${new Date(iso).toISOString().replace("T", " ").replace(/\.000Z|Z/, "")} UTC`;
}

/** How far away it is: "in 3 min", "2 h ago", "now". */
export function relative(iso) {
  const seconds = (new Date(iso).getTime() - now()) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const span = duration(Math.abs(seconds), { coarse: true });
  return seconds > 0 ? `in ${span}` : `${span} ago`;
}

/** A span in its two largest units, `coarse`: in its largest: 3.2 s, 4 min 5 s, 2 h. Null: "–". */
export function duration(seconds, { coarse = false } = {}) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return coarse ? "1 s" : `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10 && !coarse) return `${seconds.toFixed(1)} s`;
  let rest = Math.floor(seconds);
  const parts = [];
  for (const [unit, size] of [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${unit}`);
    else if (parts.length) break;
  }
  return parts.slice(0, coarse ? 1 : 2).join(" ");
}

/** An element that shows an instant: in the viewer's zone, UTC on hover. Null: "–". */
export function timeOf(iso) {
  if (!iso) return h("span", { class: "none" }, "–");
  return h("time", { datetime: iso, title: utc(iso) }, localTime(iso));
}

const going = new Set();

/** An element that says how far away an instant is, and goes on doing so; the instant on hover. */
export function relativeTime(iso) {
  if (!iso) return h("span", { class: "none" }, "–");
  const element = h("time", { datetime: iso, title: `${localTime(iso)} · ${utc(iso)}` }, relative(iso));
  going.add(new WeakRef(element));
  return element;
}

/** An element with the seconds since an instant, which goes on counting. */
export function elapsedSince(iso) {
  const element = h("time", { datetime: iso, title: utc(iso), dataset: { elapsed: "" } }, "");
  going.add(new WeakRef(element));
  refresh(element);
  return element;
}

function refresh(element) {
  const iso = element.getAttribute("datetime");
  const isElapsed = element.dataset.elapsed !== undefined;
  say(element, isElapsed ? duration(Math.max(0, (now() - new Date(iso)) / 1000)) : relative(iso));
}

eachSecond(() => {
  for (const each of going) {
    const element = each.deref();
    if (element === undefined) going.delete(each);
    else if (element.isConnected) refresh(element);
  }
});
