// A bar for each of the last days: how the executions of a workflow ended.

import { h, s } from "./dom.js";
import { now } from "./clock.js";

const DAY = 86_400_000;
const HEIGHT = 120;
const SLOT = 20;
const KINDS = [
  ["succeeded", "good", "succeeded"],
  ["failed", "bad", "failed"],
  ["timedOut", "warn", "timed out"],
  ["cancelled", "dull", "cancelled"],
];
const named = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** `days`: what the statistics of a workflow have; `count`: how many days are shown, up to today. */
export function dayBars(days, count) {
  const byDay = new Map(days.map((each) => [each.day, each]));
  const today = Math.floor(now() / DAY) * DAY;
  const shown = Array.from({ length: count }, (_, place) => {
    const at = new Date(today - (count - 1 - place) * DAY);
    return { at, counts: byDay.get(at.toISOString().slice(0, 10)) };
  });
  const most = Math.max(1, ...shown.map(({ counts }) => totalOf(counts)));
  const bars = shown.map((day, place) => bar(day, place, most));
  const sum = KINDS.map(([kind, , word]) => `${days.reduce((total, each) => total + each[kind], 0)} ${word}`).join(
    ", ",
  );
  return h(
    "figure",
    { class: "day-bars" },
    s(
      "svg",
      {
        viewBox: `0 0 ${count * SLOT} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `Executions of each of the last ${count} days: ${sum}; at most ${most} a day`,
      },
      bars,
    ),
    h(
      "figcaption",
      {},
      h("span", {}, named.format(shown[0].at)),
      h("span", {}, `at most ${most.toLocaleString()} a day (UTC)`),
      h("span", {}, "today"),
    ),
    legend(),
  );
}

function bar({ at, counts }, place, most) {
  const pieces = [];
  let y = HEIGHT;
  for (const [kind, tone] of counts ? KINDS : []) {
    if (!counts[kind]) continue;
    const height = Math.max(2, (counts[kind] / most) * (HEIGHT - 4));
    y -= height;
    pieces.push(
      s("rect", { class: `day-piece tone-${tone}`, x: place * SLOT + 2, y: Math.max(0, y), width: SLOT - 4, height }),
    );
  }
  const words = counts
    ? KINDS.filter(([kind]) => counts[kind])
        .map(([kind, , word]) => `${counts[kind]} ${word}`)
        .join(", ")
    : "none";
  return s(
    "g",
    {},
    s("title", {}, `${named.format(at)}: ${words}`),
    s("rect", { class: "day-ground", x: place * SLOT + 2, y: HEIGHT - 2, width: SLOT - 4, height: 2 }),
    s("rect", { class: "day-hover", x: place * SLOT, y: 0, width: SLOT, height: HEIGHT }),
    pieces,
  );
}

function totalOf(counts) {
  return counts ? KINDS.reduce((sum, [kind]) => sum + counts[kind], 0) : 0;
}

function legend() {
  return h(
    "ul",
    { class: "legend" },
    KINDS.map(([, tone, word]) => h("li", {}, h("span", { class: `swatch tone-${tone}` }), word)),
  );
}
