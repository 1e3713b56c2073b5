// Cancel and retry an execution: offered to those who may, asked first, with what it will do.

import { h } from "./dom.js";
import { newKey, rest } from "./rest.js";
import { toOne } from "./router.js";
import { can } from "./session.js";
import { ask, confirmed } from "./components/dialog.js";
import { icon } from "./components/icons.js";
import { attempt, toast } from "./components/toast.js";
import { ENDED, UNDER_WAY } from "./execution_words.js";

const RETRIED = new Set(["failed", "timedOut", "cancelled"]);
const MOST_NAMES = 12;

/** The buttons for an execution; `current()` gives it as it is when one is pressed. */
export function actionsFor({ status }, current) {
  if (!can("operator")) return [];
  if (!ENDED.has(status)) {
    return [h("button", { type: "button", on: { click: () => cancel(current()) } }, icon("cancelled"), "Cancel …")];
  }
  if (!RETRIED.has(status)) return [];
  return [
    h("button", { type: "button", class: "primary", on: { click: () => retry(current()) } }, icon("retry"), "Retry …"),
  ];
}

async function cancel({ id, workflowId, steps }) {
  const running = steps.filter(({ status }) => UNDER_WAY.has(status)).map(({ name }) => name);
  const left = steps.filter(({ status }) => status === "pending").map(({ name }) => name);
  const what = [
    running.length ? `Told to stop: ${listed(running)}.` : "No step is under way.",
    left.length ? `Never begun: ${listed(left)}.` : "",
    "What has finished stays, and the execution can be retried.",
  ]
    .filter(Boolean)
    .join(" ");
  if (!(await confirmed({ title: `Cancel this execution of ${workflowId}?`, what, action: "Cancel the execution" })))
    return;
  const done = await attempt(() => rest.post(`/api/executions/${encodeURIComponent(id)}/cancel`));
  if (done) toast("It is told to end");
}

async function retry(execution) {
  const key = newKey();
  const repeated = repeatedSteps(execution.steps);
  const isKept = ({ name, status }) => status === "succeeded" && !repeated.has(name);
  const kept = execution.steps.filter(isKept).map(({ name }) => name);
  const left = execution.steps.filter((step) => !isKept(step)).map(({ name }) => name);
  const items = execution.steps
    .filter((step) => !isKept(step))
    .flatMap((step) => step.items ?? [])
    .filter(({ status }) => status === "succeeded").length;
  const begun = await ask({
    title: `Retry this execution of ${execution.workflowId}?`,
    body: [
      h("p", {}, "A new execution begins, for the same instant and with the same parameters."),
      h(
        "p",
        {},
        kept.length
          ? `The results of these steps are kept: ${listed(kept)}.`
          : "No step has a result that could be kept.",
        items ? ` So are those of ${items} items that have finished.` : "",
      ),
      left.length ? h("p", {}, `These run when it is their turn: ${listed(left)}.`) : null,
    ].filter(Boolean),
    action: "Retry it",
    submit: () => rest.post(`/api/executions/${encodeURIComponent(execution.id)}/retry`, {}, { key }),
  });
  if (begun) location.hash = toOne("executions", begun.executionId);
}

/** Steps that ran because something before them had failed, and those after: a retry does not keep their results. */
function repeatedSteps(steps) {
  const found = new Set();
  const isGood = new Map(steps.map(({ name, status }) => [name, status === "succeeded" || status === "skipped"]));
  const isRepeated = ({ status, dependsOn }) =>
    status === "succeeded" && dependsOn.some((each) => isGood.get(each) === false || found.has(each));
  let before = -1;
  while (found.size > before) {
    // until nothing more follows from it
    before = found.size;
    for (const step of steps) if (isRepeated(step)) found.add(step.name);
  }
  return found;
}

function listed(names) {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
