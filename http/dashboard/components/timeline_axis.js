// The hours over a timeline, in the viewer's zone.

import { fill, h } from "../dom.js";

const MINUTE = 60_000;
const STEPS = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];
const ROOM = 54;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric" });

/** Whole local times between the ends of a scale, as far apart as their labels need: `{at, x, label, isDay}`. */
export function ticksOf(scale) {
  const steps = Math.max(1, Math.floor(scale.width / ROOM));
  const least = (scale.until - scale.since) / MINUTE / steps;
  const step = STEPS.find((each) => each >= least) ?? STEPS.at(-1);
  const start = new Date(scale.since);
  const found = [];
  for (let minutes = 0; ; minutes += step) {
    const at = new Date(start.getFullYear(), start.getMonth(), start.getDate(), 0, minutes);
    if (at.getTime() > scale.until) return found;
    if (at.getTime() < scale.since) continue;
    const isDay = at.getHours() === 0 && at.getMinutes() === 0;
    found.push({ at: at.getTime(), x: scale.x(at.getTime()), label: isDay ? day.format(at) : clock.format(at), isDay });
  }
}

/** Draw the labels into `axis`; gives what draws their lines behind the rows, for CSS `background`. */
export function drawAxis(axis, scale) {
  const ticks = ticksOf(scale);
  fill(axis, ticks.filter(({ x }) => x > 12 && x < scale.width - 12).map(({ x, label, isDay }) => {
    const tick = h("span", { class: isDay ? "tl-tick tl-day" : "tl-tick", style: { left: `${x}px` } }, label);
    return Object.assign(tick, { place: x });
  }));
  return ticks.map(({ x, isDay }) => {
    const colour = isDay ? "var(--line-strong)" : "var(--line)";
    return `linear-gradient(${colour}, ${colour}) ${Math.round(x)}px 0 / 1px 100% no-repeat`;
  }).join(", ") || "none";
}
