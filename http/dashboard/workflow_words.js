// Definitions in words: what a step does, when it begins, how it is tried again.

import { h } from "./dom.js";
import { toOne } from "./router.js";
import { duration } from "./time.js";

const RUN_IF = {
  success: "all that it depends on has succeeded",
  always: "all that it depends on has ended, whatever came of it",
  on_failure: "all that it depends on has ended, and something has failed",
};

/** The share as a percentage: "98 %"; null: "–". */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const value = share * 100;
  return `${value >= 99.95 || value % 1 < 0.05 ? Math.floor(value + 0.05) : value.toFixed(1)} %`;
}

/** Pairs of a name and what is said, for a step as it is defined. */
export function optionsOf(step) {
  return [
    ["Depends on", step.dependsOn.join(", ") || "nothing"],
    ["Begins when", beginsWhen(step)],
    ["Does", does(step)],
    step.map
      ? [
          "Once for each",
          `item that ${step.map} takes${step.concurrency ? `, at most ${step.concurrency} at once` : ""}`,
        ]
      : null,
    ["Tried again", retryInWords(step.retry)],
    step.timeout === null ? null : ["Time for an attempt", duration(step.timeout)],
    step.totalTimeout === null ? null : ["Time for all attempts", duration(step.totalTimeout)],
    step.runner ? ["Runner", step.runner] : null,
    step.memory ? ["Memory", `${Math.round(step.memory / 2 ** 20)} MB`] : null,
  ];
}

function beginsWhen({ runIf, conditional, failureHandler, dependsOn }) {
  if (failureHandler) return "the execution has failed or run out of time, after everything else";
  const begin = dependsOn.length || runIf !== "success" ? (RUN_IF[runIf] ?? runIf) : "the execution begins";
  return conditional ? `${begin}, if its condition is true` : begin;
}

function does({ waitsFor }) {
  if (!waitsFor) return "runs its function";
  const { sleep, event, key, workflowId } = waitsFor;
  if (sleep !== null) return `waits for ${duration(sleep)}`;
  if (event !== null)
    return h(
      "span",
      {},
      "waits for the event ",
      h("code", {}, event),
      key ? [" whose key is the value of ", h("code", {}, key)] : " without a key",
    );
  return h("span", {}, "runs the workflow ", h("a", { href: toOne("workflows", workflowId) }, workflowId));
}

function retryInWords(retry) {
  if (!retry) return "as the schedule says, else not";
  const { attempts, backoff, factor, maxBackoff, jitter } = retry;
  if (attempts <= 1) return "no";
  const grows = factor > 1 ? `, then ${factor} times as long each` : "";
  const most = factor > 1 && maxBackoff ? `, at most ${duration(seconds(maxBackoff))}` : "";
  const shorter = jitter ? `, up to ${percent(jitter)} shorter` : "";
  return `${attempts} attempts; ${duration(seconds(backoff))} between them${grows}${most}${shorter}`;
}

function seconds(value) {
  return typeof value === "number" ? value : Number.parseFloat(value);
}

/** Below the step's name in the graph. */
export function noteOf({ waitsFor, map, failureHandler, conditional, runIf, retry }) {
  if (failureHandler) return "when it has failed";
  if (waitsFor?.sleep) return `waits ${duration(waitsFor.sleep)}`;
  if (waitsFor?.event) return "waits for an event";
  if (waitsFor?.workflowId) return "runs a workflow";
  const notes = [
    map ? "each item" : "",
    conditional ? "if wanted" : "",
    runIf === "always" ? "always" : runIf === "on_failure" ? "on failure" : "",
    retry?.attempts > 1 ? `${retry.attempts} attempts` : "",
  ];
  return notes.filter(Boolean).join(" · ");
}
