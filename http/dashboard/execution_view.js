// What the page of an execution is made of, and which step is chosen on it.

import { h } from "./dom.js";
import { setQuery } from "./router.js";
import { json } from "./components/json.js";
import { part } from "./components/part.js";
import { stepNamed } from "./execution_changes.js";
import { headOf } from "./execution_head.js";
import { stepPanel } from "./execution_step.js";
import { stepsOf } from "./execution_steps.js";
import { UNDER_WAY } from "./execution_words.js";

const DATA = [
  ["params", "Parameters"],
  ["context", "Context"],
  ["result", "Result"],
];

/** Elements, with `show(execution)`, `heard(event)` and `query(params)`. */
export function executionView(execution, { query, current, signal }) {
  let asked = query;
  let last;
  const choose = (name) => setQuery({ step: name });
  const head = headOf(current, choose);
  const steps = stepsOf(execution, { choose, signal });
  const panel = stepPanel({ choose, signal });
  const data = DATA.map(([name, words]) => [
    name,
    part(({ value }) => [h("h2", {}, words), json(value, words)], { class: "card" }),
  ]);
  const select = () => {
    const name = chosen(current(), asked);
    if (name !== last) steps.select(name); // else who has scrolled away from it would be brought back
    last = name;
    panel.show(current(), name);
  };
  const show = (next) => {
    head.show(next);
    steps.show(next);
    for (const [name, each] of data) each.show({ value: next[name] });
    select();
  };
  steps.view(query);
  return {
    elements: [
      ...head.elements,
      h("div", { class: "with-panel" }, h("div", { class: "stack" }, steps.cards), panel),
      h(
        "div",
        { class: "columns thirds" },
        data.map(([, each]) => each),
      ),
    ],
    show,
    heard: panel.heard,
    query: (next) => {
      asked = next;
      steps.view(next);
      select();
    },
  };
}

/** The step that the address names; else the one that one would look at first. */
function chosen(execution, query) {
  const wanted = query.get("step");
  if (wanted && stepNamed(execution, wanted)) return wanted;
  const first = (test) => execution.steps.find(({ status }) => test(status));
  const found =
    first((status) => status === "failed" || status === "timedOut") ??
    first((status) => UNDER_WAY.has(status)) ??
    execution.steps.findLast(({ attempts }) => attempts.length) ??
    execution.steps[0];
  return found?.name ?? null;
}
