// The steps of a workflow as a graph: each a button that chooses the step, lines from what it depends on.

import { fill, h, s, say } from "../dom.js";
import { icon } from "./icons.js";
import { STATES, tone, wordOf } from "./badge.js";
import { nearest } from "./near.js";
import { layOut } from "./step_layout.js";

const SIZE = { width: 152, height: 46, across: 14, down: 34 };
const EDGE = 6;

/**
 * `steps`: `[{name, dependsOn}]`; `choose(name)` is called when one is chosen; `label`: what the graph is of.
 * Gives an element with `show(steps)`, where each may have `status` and `note`, and `select(name)`.
 */
export function stepGraph({ label, steps, choose }) {
  const plan = layOut(steps, SIZE);
  const buttons = new Map();
  const lines = new Map();
  const drawn = s(
    "svg",
    { class: "graph-lines", width: plan.width + 2 * EDGE, height: plan.height + 2 * EDGE, "aria-hidden": "true" },
    plan.edges.map((edge) => line(edge, lines)),
  );
  for (const { name, dependsOn } of steps) buttons.set(name, node(name, dependsOn, plan.nodes.get(name), choose));
  const surface = h(
    "div",
    {
      class: "graph-surface",
      role: "group",
      "aria-label": label,
      on: { keydown: (event) => move(event, plan, steps, buttons) },
    },
    drawn,
    [...buttons.values()],
  );
  surface.style.setProperty("width", `${plan.width + 2 * EDGE}px`);
  surface.style.setProperty("height", `${plan.height + 2 * EDGE}px`);
  const element = h("div", { class: "graph" }, surface);
  element.show = (now) => {
    for (const step of now) {
      if (buttons.has(step.name)) paint(buttons.get(step.name), step);
      for (const each of lines.get(step.name) ?? []) each.dataset.state = step.status ?? "";
    }
  };
  element.select = (name) => {
    for (const [each, button] of buttons) button.setAttribute("aria-pressed", String(each === name));
    if (buttons.has(name)) bringIn(element, buttons.get(name));
    for (const each of drawn.children)
      each.classList.toggle("near", each.dataset.from === name || each.dataset.to === name);
  };
  element.show(steps);
  return element;
}

/** Scrolls in the graph, and never the page. */
function bringIn(element, { offsetLeft, offsetTop, offsetWidth, offsetHeight }) {
  element.scrollLeft = nearest(element.scrollLeft, offsetLeft, offsetWidth, element.clientWidth);
  element.scrollTop = nearest(element.scrollTop, offsetTop, offsetHeight, element.clientHeight);
}

function node(name, dependsOn, { x, y }, choose) {
  const picture = h("span", { class: "node-picture" });
  const note = h("span", { class: "node-note cut" });
  const button = h(
    "button",
    {
      type: "button",
      class: "node",
      title: name,
      "aria-pressed": "false",
      dataset: { step: name },
      on: { click: () => choose(name) },
    },
    picture,
    h("span", { class: "node-words" }, h("span", { class: "node-name cut" }, name), note),
    h("span", { class: "unseen" }, dependsOn.length ? `after ${dependsOn.join(", ")}` : ""),
  );
  button.style.setProperty("left", `${x + EDGE}px`);
  button.style.setProperty("top", `${y + EDGE}px`);
  Object.assign(button, { picture, note });
  return button;
}

function paint(button, { status, note }) {
  say(button.note, [status ? wordOf(status) : "", note].filter(Boolean).join(" · "));
  button.note.hidden = !button.note.textContent;
  if (button.dataset.state === (status ?? "")) return;
  button.dataset.state = status ?? "";
  button.className = `node tone-${status ? tone(status) : "dull"}`;
  fill(button.picture, status ? icon(STATES[status]?.[1] ?? "disabled") : null);
}

function line({ from, to, points }, lines) {
  let [x, y] = points[0];
  let path = `M${x + EDGE} ${y + EDGE}`;
  points.slice(1).forEach(([left, top], place) => {
    const half = (y + top) / 2 + EDGE;
    const target = `${left + EDGE} ${top + EDGE}`;
    // From layer to layer in a curve, through a layer straight.
    path += place % 2 === 0 ? `C${x + EDGE} ${half} ${left + EDGE} ${half} ${target}` : `L${target}`;
    [x, y] = [left, top];
  });
  const found = s("path", { d: path, class: "graph-line", dataset: { from, to } });
  lines.set(from, [...(lines.get(from) ?? []), found]);
  return found;
}

/** Arrows lead to what depends on the step, to what it depends on, and to those beside it. */
function move(event, plan, steps, buttons) {
  const here = document.activeElement?.dataset.step;
  if (here === undefined) return;
  const row = plan.layers[plan.nodes.get(here).layer];
  const place = row.indexOf(here);
  const nearest = (names) =>
    [...names].sort((one, other) => distance(plan, here, one) - distance(plan, here, other))[0];
  const next = {
    ArrowLeft: () => row[place - 1],
    ArrowRight: () => row[place + 1],
    ArrowUp: () => nearest(plan.edges.filter(({ to }) => to === here).map(({ from }) => from)),
    ArrowDown: () => nearest(plan.edges.filter(({ from }) => from === here).map(({ to }) => to)),
    Home: () => steps[0].name,
    End: () => steps.at(-1).name,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  buttons.get(next())?.focus();
}

function distance({ nodes }, one, other) {
  return Math.abs(nodes.get(one).x - nodes.get(other).x) + Math.abs(nodes.get(one).layer - nodes.get(other).layer);
}
