// The newest runs as small bars: how long each took is its height, how it ended its shape and its colour.

import { h, s } from "../dom.js";
import { duration } from "../time.js";
import { tone, wordOf } from "./badge.js";

const MOST = 30;
const STEP = 4;
const BAR = 3;
const HEIGHT = 26;
const FOOT = 5;
const LEAST = 3;

/**
 * Of `[{status, duration}]`, oldest first. Ended well: a bar; badly: a bar with a wedge below it; otherwise: an
 * outline.
 */
export function spark(runs) {
  if (!runs.length) return h("span", { class: "none" }, "No runs yet");
  const shown = runs.slice(-MOST);
  const longest = Math.max(...shown.map((run) => run.duration ?? 0)) || 1;
  const paths = { good: "", bad: "", dull: "" };
  shown.forEach((run, index) => {
    const kind = kindOf(run);
    const height = LEAST + Math.round((HEIGHT - FOOT - LEAST - 1) * Math.sqrt((run.duration ?? 0) / longest));
    paths[kind] += shapes[kind]((MOST - shown.length + index) * STEP, HEIGHT - FOOT, height);
  });
  const label = inWords(shown);
  return s(
    "svg",
    {
      class: "spark",
      viewBox: `0 0 ${MOST * STEP} ${HEIGHT}`,
      width: MOST * STEP,
      height: HEIGHT,
      role: "img",
      "aria-label": label,
    },
    s("title", {}, label),
    s("path", { class: "spark-floor", d: `M0 ${HEIGHT - FOOT + 0.5}H${MOST * STEP - 1}` }),
    Object.entries(paths)
      .filter(([, d]) => d)
      .map(([kind, d]) => s("path", { class: `spark-${kind}`, d })),
  );
}

const shapes = {
  good: (x, floor, height) => `M${x} ${floor}v${-height}h${BAR}v${height}z`,
  bad: (x, floor, height) =>
    `M${x} ${floor}v${-height}h${BAR}v${height}zM${x - 0.5} ${floor + FOOT}h${BAR + 1}l${-(BAR + 1) / 2} ${-FOOT + 1}z`,
  dull: (x, floor, height) => `M${x + 0.5} ${floor - 0.5}v${-height + 1}h${BAR - 1}v${height - 1}z`,
};

function kindOf(run) {
  const found = tone(run.status);
  return found === "good" || found === "bad" ? found : "dull";
}

function inWords(runs) {
  const counts = new Map();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const parts = [...counts].map(([status, count]) => `${count} ${wordOf(status)}`);
  const newest = runs.at(-1);
  const took = newest.duration === null ? "" : ` after ${duration(newest.duration)}`;
  const which = runs.length === 1 ? "Last run" : `Last ${runs.length} runs`;
  return `${which}: ${parts.join(", ")}. The newest: ${wordOf(newest.status)}${took}.`;
}
