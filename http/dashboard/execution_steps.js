// The steps of an execution as a graph or as a list, and when each of them ran.

import { fill, h } from "./dom.js";
import { setQuery } from "./router.js";
import { duration, elapsedSince } from "./time.js";
import { badge } from "./components/badge.js";
import { gantt } from "./components/gantt.js";
import { part } from "./components/part.js";
import { stepGraph } from "./components/step_graph.js";
import { ENDED, secondsOf } from "./execution_words.js";

const MOST_ITEMS = 50;

/** Cards with `show(execution)`, `select(name)` and `view(query)`; `choose(name)` is called when a step is chosen. */
export function stepsOf(execution, { choose, signal }) {
  const graph = graphOrNot(execution, choose);
  const list = listOf(choose);
  const views = [
    ["graph", "Graph", graph],
    ["list", "List", list],
  ];
  const buttons = views.map(([name, words]) =>
    h(
      "button",
      {
        type: "button",
        class: "small",
        "aria-pressed": "false",
        on: { click: () => setQuery({ view: name === "graph" ? null : name }) },
      },
      words,
    ),
  );
  const place = h("div", { class: "steps-place" });
  const time = gantt({ label: "When each step ran", choose, signal });
  const cards = [
    h(
      "section",
      { class: "card", "aria-label": "Steps" },
      h(
        "div",
        { class: "card-head" },
        h("h2", {}, "Steps"),
        h("div", { class: "segments", role: "group", "aria-label": "Steps as" }, buttons),
      ),
      place,
    ),
    h("section", { class: "card", "aria-label": "Time" }, h("h2", {}, "Time"), time),
  ];
  const show = (now) => {
    const steps = now.steps.map((step) => ({ ...step, note: noteOf(step) }));
    graph.show(steps);
    list.show(steps);
    time.show({ begin: beginOf(now), end: ENDED.has(now.status) ? now.endedAt : null, rows: rowsOf(now.steps) });
  };
  const select = (name) => {
    for (const each of [graph, list, time]) each.select(name);
  };
  const view = (query) => {
    const wanted = Math.max(
      0,
      views.findIndex(([name]) => name === query.get("view")),
    );
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === wanted)));
    if (place.firstElementChild !== views[wanted][2]) fill(place, views[wanted][2]);
  };
  return { cards, show, select, view };
}

function graphOrNot({ steps, workflowId }, choose) {
  return stepGraph({ label: `Steps of ${workflowId}, and what they depend on`, steps, choose });
}

function beginOf({ startedAt, steps }) {
  const firsts = steps.flatMap(({ attempts }) => attempts.slice(0, 1)).map((each) => each.startedAt);
  return [startedAt, ...firsts].filter(Boolean).sort()[0] ?? null; // a retry has steps of the execution before it
}

function rowsOf(steps) {
  return steps.flatMap((step) => [
    { ...step, depth: 0 },
    ...(step.items ?? []).slice(0, MOST_ITEMS).map((item) => ({ ...item, depth: 1 })),
  ]);
}

/** What stands below a step's name: how far it is, or how long it took. */
function noteOf({ status, attempts, progress, items }) {
  if (items?.length) return `${items.filter((each) => each.status === "succeeded").length} of ${items.length}`;
  if (status === "running" && progress?.total) return `${progress.done} of ${progress.total}`;
  const last = attempts.at(-1);
  const count = attempts.length > 1 ? `${attempts.length} attempts` : "";
  const seconds = last ? secondsOf(last) : null;
  return [seconds === null ? "" : duration(seconds), count].filter(Boolean).join(" · ");
}

function listOf(choose) {
  let chosen = null;
  const mark = () => {
    for (const button of element.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.step === chosen));
  };
  const element = part((steps) => tableOf(steps, choose), {
    class: "scrolls",
    tabindex: "0",
    role: "region",
    "aria-label": "Steps as a list",
  });
  const showSteps = element.show;
  element.show = (steps) => {
    showSteps(steps.map(({ name, status, dependsOn, attempts }) => ({ name, status, dependsOn, attempts })));
    mark();
  };
  element.select = (name) => {
    chosen = name;
    mark();
  };
  return element;
}

function tableOf(steps, choose) {
  const titles = ["Step", "State", "After", "Attempts"].map((each) => h("th", {}, each));
  const head = h("tr", {}, titles, h("th", { class: "number" }, "Took"));
  const rows = steps.map((step) => rowOf(step, choose));
  return h("table", { class: "plain" }, h("thead", {}, head), h("tbody", {}, rows));
}

function rowOf(step, choose) {
  const { name, status, dependsOn, attempts } = step;
  const on = { click: () => choose(name) };
  const properties = { type: "button", class: "link step-link", "aria-pressed": "false", dataset: { step: name }, on };
  return h(
    "tr",
    {},
    h("td", {}, h("button", properties, name)),
    h("td", {}, badge(status)),
    h("td", { class: "soft" }, dependsOn.join(", ") || "–"),
    h("td", {}, String(attempts.length)),
    h("td", { class: "number" }, took(step)),
  );
}

function took({ attempts }) {
  const last = attempts.at(-1);
  if (!last) return "–";
  return last.endedAt === null ? elapsedSince(last.startedAt) : duration(secondsOf(last));
}
