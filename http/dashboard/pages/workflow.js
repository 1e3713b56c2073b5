// One workflow: its steps and what they depend on, parameters, schedules, statistics, newest executions; it can be run.

import { fill, h } from "../dom.js";
import { rest } from "../rest.js";
import { setQuery } from "../router.js";
import { can } from "../session.js";
import { facts } from "../components/json.js";
import { icon } from "../components/icons.js";
import { failure, loading } from "../components/states.js";
import { stepGraph } from "../components/step_graph.js";
import { newest, parameters, schedules, statistics } from "../workflow_parts.js";
import { runDialog } from "../workflow_run.js";
import { noteOf, optionsOf } from "../workflow_words.js";

/** The page. */
export function workflow({ params: { id }, query, signal }) {
  const element = h("section", { class: "page" }, h("h1", {}, id), loading());
  let asked = query;
  let select = () => {};
  const read = async () => {
    try {
      const found = await rest.get(`/api/workflows/${encodeURIComponent(id)}`, {}, signal);
      select = show(element, found, signal);
      select(asked);
    } catch (error) {
      if (error.name !== "AbortError")
        fill(
          element,
          h("h1", {}, error.status === 404 ? "There is no such workflow" : id),
          failure(error, error.status === 404 ? null : read),
        );
    }
  };
  read();
  return {
    title: `${id} · Workflow`,
    element,
    query: (next) => {
      asked = next;
      select(next);
    },
  };
}

/** Fills the page; gives what shows the step that the address names. */
function show(element, found, signal) {
  const { id, steps } = found;
  const choose = (name) => setQuery({ step: name });
  const graph = stepGraph({
    label: `Steps of ${id}, and what they depend on`,
    steps: steps.map((step) => ({ ...step, note: noteOf(step) })),
    choose,
  });
  const panel = h("section", { class: "card step-panel", "aria-label": "The chosen step" });
  fill(
    element,
    h("p", { class: "crumbs" }, h("a", { href: "#/workflows" }, "Workflows")),
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, id),
      h(
        "div",
        { class: "actions" },
        can("operator")
          ? h(
              "button",
              { type: "button", class: "primary", on: { click: () => runDialog(found) } },
              icon("play"),
              "Run …",
            )
          : null,
      ),
    ),
    found.description ? h("p", { class: "description" }, found.description) : null,
    h("div", { class: "with-panel" }, card("Steps", graph), panel),
    card("Last 30 days", statistics(id, signal)),
    h("div", { class: "columns" }, card("Parameters of a run", parameters(found)), card("Limits", limits(found))),
    card("Schedules", schedules(id, signal)),
    card("Newest executions", newest(id, signal)),
  );
  return (query) => {
    const step = steps.find(({ name }) => name === query.get("step")) ?? steps[0];
    panel.hidden = step === undefined;
    if (step === undefined) return;
    graph.select(step.name);
    fill(panel, h("h2", {}, step.name), facts(optionsOf(step)));
  };
}

function limits({ maxConcurrency, rateLimit }) {
  return facts([
    ["At once", maxConcurrency === null ? "as many as the server lets" : `at most ${maxConcurrency}`],
    ["Starts", rateLimit === null ? "no limit of its own" : `at most ${rateLimit}`],
  ]);
}

function card(title, ...children) {
  return h("section", { class: "card", "aria-label": title }, h("h2", {}, title), children);
}
