// What a step wrote and logged, line by line; who reads at the end goes on reading at the end.

import { fill, h, say } from "../dom.js";
import { utc } from "../time.js";
import { copyButton } from "./copy.js";
import { failure } from "./states.js";

const NEAR_END = 24;
const SHORT = { WARNING: "WARN", CRITICAL: "CRIT" };
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/**
 * `read()` gives `{items}` of the interface. Gives an element with `reload()`, which reads again and adds what is new,
 * `take(items)` for who has them already, and `change(data)` for what the topic `logs` tells.
 */
export function logs({ label, read, signal }) {
  const attempts = new Map();
  const lines = h("div", { class: "log-lines" });
  const scroller = h(
    "div",
    { class: "log", role: "log", "aria-label": label, "aria-live": "off", tabindex: "0" },
    lines,
  );
  const note = h("p", { class: "soft" }, "Loading …");
  const follow = h(
    "button",
    { type: "button", class: "small", hidden: true, on: { click: () => toEnd(scroller) } },
    "Go on following",
  );
  const copy = copyButton(() => textOf(scroller), "Copy the output");
  const element = h(
    "div",
    { class: "log-frame" },
    h("div", { class: "log-head" }, h("h3", {}, "Output"), note, follow, copy),
    scroller,
  );
  scroller.addEventListener("scroll", () => (follow.hidden = isAtEnd(scroller)), { passive: true });
  element.take = (items) => {
    const stays = isAtEnd(scroller);
    for (const item of items) attemptOf(attempts, lines, item).show(item);
    const all = [...attempts.values()];
    const count = all.reduce((sum, { shown }) => sum + shown.length, 0);
    const isRunning = all.some(({ running }) => running);
    say(note, inWords(count, isRunning));
    scroller.hidden = copy.hidden = !count;
    if (stays) toEnd(scroller);
  };
  element.change = ({ reset, items }) => {
    if (reset) for (const attempt of attempts.values()) attempt.told = [];
    element.take(
      items.map((item) => {
        const attempt = attemptOf(attempts, lines, item);
        attempt.told = [...attempt.told.slice(item.gone, item.gone + item.same), ...item.lines];
        return { ...item, lines: attempt.told };
      }),
    );
  };
  let turn = 0;
  element.reload = async () => {
    const mine = ++turn;
    try {
      const { items } = await read();
      if (mine === turn && !signal.aborted) element.take(items);
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) fill(note, failure(error, element.reload));
    }
  };
  scroller.hidden = copy.hidden = true;
  element.reload();
  return element;
}

function inWords(count, isRunning) {
  if (isRunning) return count ? "Follows what is written" : "Nothing is written yet";
  if (!count) return "Nothing was written";
  return `${count} ${count === 1 ? "line" : "lines"}`;
}

function attemptOf(attempts, place, { attempt }) {
  if (attempts.has(attempt)) return attempts.get(attempt);
  const head = h("p", { class: "log-attempt" }, `Attempt ${attempt}`);
  const dropped = h("p", { class: "log-dropped soft", hidden: true });
  const body = h("div", {});
  const found = { shown: [], told: [], running: false, show: (item) => show(item, found, body, dropped) };
  place.append(head, dropped, body);
  attempts.set(attempt, found);
  head.hidden = attempts.size === 1 && attempt === 1;
  if (attempts.size > 1) place.firstElementChild.hidden = false;
  return found;
}

/** Only the end of what is written is kept, and its last line can grow: take away and add just what differs. */
function show({ lines, dropped, running }, attempt, body, note) {
  attempt.running = running;
  const gone = lines.length ? Math.max(0, firstLike(attempt.shown, lines[0])) : attempt.shown.length;
  const kept = attempt.shown.slice(gone);
  let same = 0;
  while (same < kept.length && same < lines.length && isLike(kept[same], lines[same])) same += 1;
  for (let count = 0; count < gone; count += 1) body.firstElementChild.remove();
  while (body.childElementCount > same) body.lastElementChild.remove();
  body.append(...lines.slice(same).map(lineOf));
  attempt.shown = lines;
  note.hidden = !dropped;
  say(note, `${dropped.toLocaleString()} bytes before this are not kept.`);
}

function firstLike(lines, wanted) {
  const place = lines.findIndex((each) => isLike(each, wanted));
  return place < 0 ? lines.length : place;
}

function isLike(one, other) {
  return one.time === other.time && one.text === other.text && one.stream === other.stream && one.level === other.level;
}

function lineOf({ time, stream, level, logger, text }) {
  const kind = stream === "log" ? (SHORT[level] ?? level) : stream;
  return h(
    "p",
    { class: "log-line", dataset: { kind: kind.toLowerCase() } },
    h("time", { datetime: time, title: utc(time) }, clock.format(new Date(time))),
    h("span", { class: "log-kind", title: [level, logger].filter(Boolean).join(" · ") || null }, kind),
    h("span", { class: "log-text" }, text || "\u200b"),
  );
}

function isAtEnd(scroller) {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
}

function toEnd(scroller) {
  scroller.scrollTop = scroller.scrollHeight;
}

function textOf(scroller) {
  return [...scroller.querySelectorAll(".log-line")]
    .map((line) => [...line.children].map((each) => each.textContent).join(" "))
    .join("\n");
}
