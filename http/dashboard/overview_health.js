// How everything is, in one sentence whose numbers filter the page; and how the server itself is.

import { fill, h, say, set } from "./dom.js";
import { eachSecond, now } from "./clock.js";
import { onStream } from "./live.js";
import { setQuery } from "./router.js";
import { duration, localTime, utc } from "./time.js";
import { icon } from "./components/icons.js";

/** What `?show=` may be → its words in the sentence, and the colour. */
export const SHOWN = {
  late: ["late", "warn"],
  error: ["in quarantine", "bad"],
  failing: ["failing", "bad"],
  losing: ["losing runs", "warn"],
  active: ["on time", "good"],
  paused: ["paused", "dull"],
  disabled: ["disabled", "dull"],
  finished: ["finished", "dull"],
};
const CONCERNS = ["late", "error", "failing", "losing"];
const RESTS = ["paused", "disabled", "finished"];
const STREAM_WORDS = { off: "Not connected", connecting: "Connecting …", open: "Live", lost: "Connection lost" };

/** What `?show=` asks the server for. */
export function filterOf(shown) {
  if (CONCERNS.includes(shown)) return { attention: shown };
  return shown in SHOWN ? { status: shown } : {};
}

/** The sentence; `.show(counts, query)` says it anew. */
export function healthSentence() {
  const element = h("p", { class: "health" });
  let last = "";
  element.show = (counts, query) => {
    const chosen = query.get("show");
    const text = JSON.stringify([counts, chosen]);
    if (text === last) return;
    last = text;
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.show : null;
    fill(element, sentence(counts, chosen));
    if (focused) element.querySelector(`[data-show="${focused}"]`)?.focus();
  };
  return element;
}

function sentence(counts, chosen) {
  if (!counts.total) return [mark("dull", "disabled"), h("span", {}, "No schedules yet")];
  const part = (name, words) => number(name, words ?? `${counts[name].toLocaleString()} ${SHOWN[name][0]}`, name === chosen);
  const concerns = CONCERNS.filter((name) => counts[name]);
  const rests = RESTS.filter((name) => counts[name]).map((name) => part(name));
  const onTime = counts.active - counts.late;
  const isBad = concerns.some((name) => SHOWN[name][1] === "bad");
  const picture = concerns.length ? mark(isBad ? "bad" : "warn", "warning")
    : mark(counts.active ? "good" : "dull", counts.active ? "ok" : "paused");
  const lead = concerns.length
    ? [...listed(concerns.map((name) => part(name))), onTime ? ["; ", part("active", `${onTime.toLocaleString()} on time`)] : null]
    : [allOnTime(onTime, rests.length, part)];
  const more = rests.length ? [concerns.length && onTime ? ", " : "; ", ...listed(rests)] : null;
  return [picture, h("span", {}, lead, more)];
}

function allOnTime(count, hasRests, part) {
  if (count === 0) return "No schedule is active";
  if (count === 1) return ["The ", part("active", hasRests ? "only active schedule" : "only schedule"), " is on time"];
  return ["All ", part("active", count.toLocaleString()), hasRests ? " active schedules on time" : " schedules on time"];
}

const listed = (parts) => parts.flatMap((part, index) => (index ? [", ", part] : [part]));
const mark = (tone, picture) => h("span", { class: `health-mark tone-${tone}` }, icon(picture));

function number(name, words, isChosen) {
  return h("button", {
    type: "button", class: `health-number tone-${SHOWN[name][1]}`, "aria-pressed": String(isChosen),
    dataset: { show: name },
    title: isChosen ? "Show all schedules again" : "Show only these on this page",
    on: { click: () => setQuery({ show: isChosen ? null : name }) },
  }, words);
}

/** The stream, the server's clock and its lag; `.show(state)` takes what the server says each second. */
export function serverFacts(signal) {
  const live = h("span", {});
  const stream = h("span", { class: "fact-stream" }, h("span", { class: "dot" }), live);
  const clock = h("time", {});
  const lag = h("span", {}, "–");
  const load = h("span", {}, "–");
  const trouble = h("p", { class: "server-trouble", role: "status" });
  const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  const facts = h("dl", { class: "server-facts" }, fact("Stream", stream), fact("Server time", clock),
    fact("Loop lag", lag), fact("Under way", load));
  onStream(({ state }) => {
    stream.dataset.state = state;
    say(live, STREAM_WORDS[state]);
  }, signal);
  eachSecond(() => {
    const iso = new Date(now()).toISOString();
    say(clock, localTime(iso));
    set(clock, "datetime", iso);
    clock.title = utc(iso).replace(/\.\d+/, "");
  }, signal);
  const show = ({ loopLag, running, waiting, queued, reasons = [] }) => {
    say(lag, loopLag === null || loopLag === undefined ? "–" : duration(loopLag));
    if (typeof running === "number") say(load, `${running + waiting} running, ${queued} queued`);
    say(trouble, reasons.length ? `The server is not well: ${reasons.join("; ")}` : "");
  };
  return { facts, trouble, show };
}
