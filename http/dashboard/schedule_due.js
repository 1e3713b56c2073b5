// The instants at which a schedule is due next, on its own clock and on the viewer's, with what a change of the clock
// does.

import { h } from "./dom.js";
import { rest } from "./rest.js";
import { localTime, relativeTime, utc } from "./time.js";
import { badge } from "./components/badge.js";
import { loaded } from "./components/states.js";
import { REASONS } from "./schedule_words.js";

const WANTED = 10;
const MOST_ASKED = 10;

const day = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** An item of a preview, as an item of a list. */
export function dueItem(
  { scheduledTime, localTime: local, outcome, reason, clockChange },
  { withDistance = false } = {},
) {
  const runs = outcome === "started" || outcome === "queued" || outcome === "caughtUp";
  return h(
    "li",
    { class: runs ? null : "is-left-out" },
    h(
      "time",
      { datetime: scheduledTime, title: `Here: ${localTime(scheduledTime)} · ${utc(scheduledTime)}` },
      onItsClock(local),
    ),
    withDistance ? relativeTime(scheduledTime) : null,
    runs ? null : h("span", { class: "due-note" }, badge(outcome), ` ${REASONS[reason] ?? reason ?? ""}`),
    clockChange ? h("span", { class: "due-note clock-note" }, clockChange) : null,
  );
}

/** "2026-03-29T03:30:00+02:00" as "Sun, 29 Mar 2026, 03:30 +02:00". */
function onItsClock(local) {
  const [, date, time, offset] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(.*)$/.exec(local);
  const shown = time.endsWith(":00") && time.length > 5 ? time.slice(0, 5) : time;
  const zone = offset === "+00:00" || offset === "Z" ? "UTC" : offset;
  return `${day.format(new Date(`${date}T00:00:00Z`))}, ${shown} ${zone}`;
}

/** The changes of a zone's clock, in words. */
export function zoneChanges(changes) {
  if (!changes.length) return null;
  return h(
    "p",
    { class: "hint" },
    changes.map(({ at, from, to }) => {
      const isForward = to > from ? "forward" : "back";
      return `The clock goes ${isForward} on ${day.format(new Date(at))}, from ${from} to ${to}. `;
    }),
  );
}

/** The next ten, as a card; `read()` gives the scheduled workflow. `reload()` when its rule has changed. */
export function dueCard(read, signal) {
  const list = loaded(async () => {
    const { workflow, status } = read();
    const config = workflow.scheduleConfig;
    if (config.event !== undefined)
      return h("p", {}, "It fires each time the event ", h("code", {}, config.event), " comes.");
    if (config.manual) return h("p", {}, "It never fires by itself.");
    const { items, clockChanges } = await nextOnes(workflow, signal);
    if (!items.length) return h("p", { class: "soft" }, "It is not due any more.");
    const rests = status.scheduleStatus !== "active";
    return [
      rests
        ? h("p", { class: "hint" }, "It does not fire as long as it is not active. By its rule these are due:")
        : null,
      h(
        "ol",
        { class: "due-list" },
        items.map((item) => dueItem(item, { withDistance: true })),
      ),
      zoneChanges(clockChanges),
    ];
  }, signal);
  const element = h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "card-head" },
      h("h2", {}, "Next times"),
      h("span", { class: "hint" }, "On the schedule’s clock; here and in UTC on hover"),
    ),
    list,
  );
  element.reload = () => list.reload();
  return element;
}

/** A preview looks 90 days ahead; a rule that is due less often is asked on from where it stopped. */
async function nextOnes(workflow, signal) {
  const items = [];
  const clockChanges = [];
  let from = null;
  for (let turn = 0; turn < MOST_ASKED && items.length < WANTED; turn += 1) {
    const body = { scheduleConfig: workflow.scheduleConfig, scheduleId: workflow.id, limit: WANTED - items.length };
    if (from) body.from = from;
    const found = await rest.post("/api/schedules/preview", body, { signal });
    items.push(...found.items);
    clockChanges.push(...found.clockChanges);
    from = found.next;
    if (!from) break;
  }
  const last = items.at(-1)?.scheduledTime ?? "";
  return { items, clockChanges: clockChanges.filter(({ at }) => at <= last) };
}
