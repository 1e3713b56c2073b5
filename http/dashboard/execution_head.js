// The head of an execution's page: its state, when and why it ran, what it comes of, and what can be done.

import { h } from "./dom.js";
import { to, toOne } from "./router.js";
import { duration, elapsedSince, relativeTime, timeOf } from "./time.js";
import { badge } from "./components/badge.js";
import { copyButton } from "./components/copy.js";
import { facts } from "./components/json.js";
import { part } from "./components/part.js";
import { actionsFor } from "./execution_actions.js";
import { errorOf } from "./execution_error.js";
import { scheduleLink } from "./execution_schedules.js";
import { ENDED, triggerWord } from "./execution_words.js";

const ENOUGH = 0.5;

/** Elements with `show(execution)`: heading, facts, error. `choose(name)` is called when a step is chosen. */
export function headOf(current, choose) {
  const state = part(({ status }) => badge(status), { class: "head-state", role: "status" });
  const actions = part((value) => actionsFor(value, current), { class: "actions" });
  const known = part((execution) => facts(factsOf(execution)), { class: "card narrow-facts" });
  const error = part((found) => found.error && [h("h2", {}, "Why it ended so"), cause(found, choose)], {
    class: "card error-card",
  });
  const { id, workflowId } = current();
  const head = [
    h(
      "p",
      { class: "crumbs" },
      h("a", { href: "#/executions" }, "Executions"),
      " › ",
      h("span", { class: "mono" }, id),
      " ",
      copyButton(() => id, "Copy the id"),
    ),
    h("div", { class: "page-head" }, h("h1", {}, workflowId), state, actions),
  ];
  const show = (execution) => {
    state.show({ status: execution.status });
    actions.show({ status: execution.status });
    const { steps, params, context, result, error: _, ...rest } = execution;
    known.show(rest);
    error.show({ error: execution.error, step: stepWith(execution) });
  };
  return { elements: [...head, known, error], show };
}

/** The step that the error comes of; null: it is not of a step. */
function stepWith({ error, steps }) {
  const found = steps.find(({ attempts }) => {
    const last = attempts.at(-1)?.error;
    return error && last && last.type === error.type && last.message === error.message;
  });
  return found?.name ?? null;
}

/** What is told with the step is not told twice. */
function cause({ error, step }, choose) {
  if (step === null) return errorOf(error);
  return [
    errorOf({ ...error, traceback: "" }),
    h("p", {}, "In the step ", h("button", { type: "button", class: "link", on: { click: () => choose(step) } }, step)),
  ];
}

function factsOf(execution) {
  const {
    workflowId,
    scheduleId,
    trigger,
    scheduledTime,
    queuedAt,
    startedAt,
    endedAt,
    wakeAt,
    status,
    retryOf,
    parent,
    backfillId,
  } = execution;
  const waited = startedAt ? (new Date(startedAt) - new Date(queuedAt)) / 1000 : null;
  return [
    ["Workflow", h("a", { href: toOne("workflows", workflowId) }, workflowId)],
    ["Schedule", scheduleId ? scheduleLink(scheduleId) : null],
    ["Begun by", triggerWord(trigger)],
    ["Scheduled for", timeOf(scheduledTime)],
    [
      "Queued",
      h(
        "span",
        {},
        timeOf(queuedAt),
        waited > ENOUGH ? h("span", { class: "soft" }, ` · waited ${duration(waited)}`) : null,
      ),
    ],
    ["Started", timeOf(startedAt)],
    ["Ended", timeOf(endedAt)],
    ["Duration", took(execution)],
    ["Priority", String(execution.priority)],
    status === "waiting" && wakeAt
      ? ["Goes on", h("span", {}, relativeTime(wakeAt), h("span", { class: "soft" }, " · ", timeOf(wakeAt)))]
      : null,
    retryOf ? ["Retry of", h("a", { class: "mono", href: toOne("executions", retryOf) }, retryOf)] : null,
    parent
      ? [
          "Begun by the step",
          h(
            "a",
            { href: toOne("executions", parent.executionId, { step: parent.step }) },
            parent.step,
            h("span", { class: "mono soft" }, ` ${parent.executionId}`),
          ),
        ]
      : null,
    backfillId ? ["Backfill", h("a", { class: "mono", href: to("/executions", { backfillId }) }, backfillId)] : null,
  ];
}

function took({ status, startedAt, duration: seconds }) {
  if (startedAt && !ENDED.has(status)) return elapsedSince(startedAt);
  return duration(seconds);
}
