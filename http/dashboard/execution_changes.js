// What an event says of an execution, put into what is known of it. Pure; what events leave out is read afterwards.

const ENDS = {
  "workflow.completed": "succeeded",
  "workflow.failed": "failed",
  "workflow.cancelled": "cancelled",
  "workflow.timedOut": "timedOut",
};

/** The execution after the event. */
export function changed(execution, event) {
  const { type, timestamp, data } = event;
  if (type === "workflow.started")
    return { ...execution, status: "running", startedAt: execution.startedAt ?? timestamp };
  if (type in ENDS)
    return { ...execution, status: ENDS[type], endedAt: timestamp, duration: data.duration ?? execution.duration };
  if (!type.startsWith("workflow.step.")) return execution;
  const status = execution.status === "waiting" && type === "workflow.step.started" ? "running" : execution.status;
  return { ...execution, status, steps: withStep(execution.steps, data.step, (step) => stepAfter(step, event)) };
}

/** The step of that name, or the item of a mapped one; undefined: there is none (yet). */
export function stepNamed(execution, name) {
  const step = execution.steps.find((each) => each.name === parentOf(name) || each.name === name);
  if (step === undefined || step.name === name) return step;
  return step.items?.find((each) => each.name === name);
}

/** The step that an item like `load[3]` belongs to. */
export function parentOf(name) {
  return name.replace(/\[\d+\]$/, "");
}

function withStep(steps, name, make) {
  const parent = parentOf(name);
  return steps.map((step) => {
    if (step.name === name) return make(step);
    if (step.name !== parent) return step;
    const items = step.items ?? [];
    const blank = {
      name,
      status: "pending",
      dependsOn: [],
      attempts: [],
      result: null,
      progress: null,
      awaits: null,
      items: null,
    };
    const isKnown = items.some((each) => each.name === name);
    return {
      ...step,
      items: (isKnown ? items : [...items, blank]).map((each) => (each.name === name ? make(each) : each)),
    };
  });
}

function stepAfter(step, { type, timestamp, data }) {
  const attempts = () => ended(step, data, timestamp);
  switch (type.slice("workflow.step.".length)) {
    case "started":
      return { ...step, status: "running", progress: null, attempts: begun(step, data.attempt, timestamp) };
    case "completed":
      return { ...step, status: "succeeded", awaits: null, attempts: attempts() };
    case "failed":
      return { ...step, status: "failed", awaits: null, attempts: attempts() };
    case "retrying":
      return { ...step, status: "retrying", attempts: attempts() };
    case "skipped":
      return { ...step, status: "skipped" };
    case "progress":
      return { ...step, progress: { done: data.done, total: data.total, note: data.note } };
    default:
      return step;
  }
}

function begun({ attempts }, number, startedAt) {
  if (attempts.some((each) => each.number === number)) return attempts;
  return [...attempts, { number, startedAt, endedAt: null, error: null }];
}

function ended({ attempts }, { attempt, error }, endedAt) {
  return attempts.map((each) => {
    if (each.number !== attempt || each.endedAt !== null) return each;
    return { ...each, endedAt, error: error ? { ...error, traceback: "" } : null };
  });
}
