// One execution, as it goes on: its state, steps, times, results, errors and output.

import { h } from "../dom.js";
import { follow } from "../live.js";
import { rest } from "../rest.js";
import { failure, loading } from "../components/states.js";
import { changed } from "../execution_changes.js";
import { executionView } from "../execution_view.js";

const PAUSE = 300;
const SLOWER = 3;

/** The page. */
export function execution({ params: { id }, query, signal }) {
  const element = h("div", { class: "page" }, h("h1", {}, "Execution"), loading());
  let asked = query;
  let known = null;
  let view = null;
  const show = (next) => {
    known = next;
    if (view === null) {
      document.title = `${next.workflowId} · Execution · Quarterjack`;
      view = executionView(next, { query: asked, current: () => known, signal });
      element.replaceChildren(...view.elements);
    }
    view.show(next);
  };
  const failed = (error) => {
    if (view === null)
      element.replaceChildren(
        h("h1", {}, error.status === 404 ? "There is no such execution" : "Execution"),
        failure(error, error.status === 404 ? null : again),
      );
  };
  const again = reader(() => rest.get(`/api/executions/${encodeURIComponent(id)}`, {}, signal), show, failed, signal);
  const heard = (event) => {
    if (known !== null) show(changed(known, event));
    view?.heard(event);
    if (event.type !== "workflow.step.progress") again();
  };
  follow({ topic: "execution:*", key: id, event: heard, gap: again, begun: again }, signal);
  again.now();
  return {
    title: "Execution",
    element,
    query: (next) => {
      asked = next;
      view?.query(next);
    },
  };
}

/** Reads when it is called, a moment later, with all that comes meanwhile; large ones at longer distances. */
function reader(read, done, failed, signal) {
  let timer = null;
  let pause = PAUSE;
  const now = async () => {
    timer = null;
    const begin = performance.now();
    try {
      const found = await read();
      if (!signal.aborted && timer === null) done(found); // else something has happened since, and it is read again
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) failed(error);
    }
    pause = Math.max(PAUSE, SLOWER * (performance.now() - begin));
  };
  const soon = () => (timer ??= setTimeout(now, pause));
  signal.addEventListener("abort", () => clearTimeout(timer));
  return Object.assign(soon, { now });
}
