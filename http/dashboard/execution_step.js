// One step of an execution, or an item of a mapped one: attempts, progress, what it waits for, result, output.

import { fill, h } from "./dom.js";
import { duration, elapsedSince, timeOf } from "./time.js";
import { badge, wordOf } from "./components/badge.js";
import { json } from "./components/json.js";
import { part } from "./components/part.js";
import { parentOf, stepNamed } from "./execution_changes.js";
import { errorOf } from "./execution_error.js";
import { outputOf } from "./execution_output.js";
import { awaitsInWords, countsInWords, secondsOf } from "./execution_words.js";

const ITEMS = 50;

/**
 * Gives an element with `show(execution, name)` and `heard(event)`, which has the output read again when the event is
 * the step's. `choose(name)` is called when an item is chosen.
 */
export function stepPanel({ choose, signal }) {
  const element = h("section", { class: "card step-panel", "aria-label": "The chosen step" });
  let shown = null;
  element.show = (execution, name) => {
    const step = name === null ? undefined : stepNamed(execution, name);
    element.hidden = step === undefined;
    if (step === undefined) return;
    if (shown?.name !== name) {
      shown?.leave();
      shown = stepOf(execution.id, step, choose, signal);
      fill(element, shown.elements);
    }
    shown.show(step);
  };
  element.heard = ({ type, data }) => {
    if (shown !== null && data.step === shown.name && type !== "workflow.step.progress") shown.written();
  };
  return element;
}

function stepOf(executionId, step, choose, signal) {
  const leaving = new AbortController();
  signal.addEventListener("abort", () => leaving.abort());
  const { name } = step;
  const parent = parentOf(name);
  const back =
    parent === name
      ? null
      : h(
          "p",
          {},
          "An item of ",
          h("button", { type: "button", class: "link", on: { click: () => choose(parent) } }, parent),
        );
  const parts = [
    [part(({ status }) => badge(status)), ({ status }) => ({ status })],
    [part(progressOf, { class: "step-progress" }), ({ progress, status }) => ({ progress, status })],
    [part(awaitsInWords, { class: "step-awaits" }), ({ awaits, status }) => (status === "waiting" ? awaits : null)],
    [part(attemptsOf), ({ attempts, status, dependsOn }) => ({ attempts, status, dependsOn })],
    [
      part((result) => result !== null && [h("h3", {}, "Result"), json(result, `Result of ${name}`)]),
      ({ result }) => result,
    ],
    [itemsPart(choose), ({ items }) => items],
  ];
  const output = outputOf(executionId, name, leaving.signal);
  const [[state], ...others] = parts;
  const head = h("div", { class: "card-head step-head" }, h("h2", {}, name), state);
  const show = (now) => {
    for (const [each, pick] of parts) each.show(pick(now));
    output.show(now);
  };
  return {
    name,
    elements: [head, back, ...others.map(([each]) => each), output],
    show,
    written: output.written,
    leave: () => leaving.abort(),
  };
}

function progressOf({ progress, status }) {
  if (!progress) return null;
  const { done, total, note } = progress;
  const words = [total === null ? `${done} done` : `${done} of ${total}`, note].filter(Boolean).join(" · ");
  const bar = total
    ? h("progress", { max: total, value: Math.min(done, total), "aria-label": "Progress" })
    : status === "running"
      ? h("progress", { "aria-label": "Progress" })
      : null;
  return [bar, h("p", { class: "soft" }, words)];
}

function attemptsOf({ attempts, status, dependsOn }) {
  const after = dependsOn.length ? h("p", { class: "soft" }, "After ", dependsOn.join(", ")) : null;
  if (!attempts.length)
    return [after, h("p", { class: "soft" }, status === "skipped" ? "It did not run." : "It has not begun.")];
  const rows = attempts.map((attempt) =>
    h(
      "tr",
      {},
      h("td", {}, String(attempt.number)),
      h("td", {}, timeOf(attempt.startedAt)),
      h(
        "td",
        { class: "number" },
        attempt.endedAt === null ? elapsedSince(attempt.startedAt) : duration(secondsOf(attempt)),
      ),
      h("td", {}, wordOf(stateOf(attempt, attempts, status))),
    ),
  );
  const errors = attempts
    .filter(({ error }) => error)
    .map(({ number, error }) => [
      h("h3", {}, attempts.length > 1 ? `Error of attempt ${number}` : "Error"),
      errorOf(error),
    ]);
  return [
    after,
    h(
      "table",
      { class: "plain" },
      h("caption", { class: "unseen" }, "Attempts"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", {}, "Attempt"),
          h("th", {}, "Started"),
          h("th", { class: "number" }, "Took"),
          h("th", {}, "Came to"),
        ),
      ),
      h("tbody", {}, rows),
    ),
    errors.reverse(),
  ];
}

function stateOf(attempt, attempts, status) {
  if (attempt.endedAt === null) return status === "waiting" ? "waiting" : "running";
  if (attempt === attempts.at(-1) && status !== "retrying") return status;
  return "failed";
}

/** The items of a mapped step: how many are how far, those first that want to be looked at. */
function itemsPart(choose) {
  let most = ITEMS;
  const again = () => {
    most += ITEMS * 4;
    const items = element.items;
    element.show(null);
    element.show(items);
  };
  const element = part((items) => {
    element.items = items;
    if (!items?.length) return null;
    const order = { failed: 0, timedOut: 0, running: 1, retrying: 1, waiting: 1 };
    const sorted = items
      .map((item, place) => [order[item.status] ?? 2, place, item])
      .sort((one, other) => one[0] - other[0] || one[1] - other[1]);
    const done = items.filter(({ status }) => status === "succeeded").length;
    return [
      h("h3", {}, `${items.length} ${items.length === 1 ? "item" : "items"}`),
      h("progress", { max: items.length, value: done, "aria-label": "Items that have succeeded" }),
      h("p", { class: "soft" }, countsInWords(items, wordOf)),
      h(
        "ul",
        { class: "item-list" },
        sorted.slice(0, most).map(([, , item]) => itemRow(item, choose)),
      ),
      sorted.length > most
        ? h(
            "button",
            { type: "button", class: "small", on: { click: again } },
            `Show more (${sorted.length - most} are left)`,
          )
        : null,
    ];
  });
  return element;
}

function itemRow({ name, status, attempts }, choose) {
  const first = attempts[0]?.startedAt ?? null;
  const last = attempts.at(-1)?.endedAt ?? null;
  return h(
    "li",
    {},
    h("button", { type: "button", class: "link cut", title: name, on: { click: () => choose(name) } }, name),
    badge(status),
    h("span", { class: "soft wide-only" }, attempts.length > 1 ? `${attempts.length} attempts` : ""),
    h("span", { class: "number" }, first && last ? duration(secondsOf({ startedAt: first, endedAt: last })) : ""),
  );
}
