// The output of a step: what it writes while it runs is told, what is stored when it has ended is read.

import { fill, h } from "./dom.js";
import { watch } from "./live.js";
import { rest } from "./rest.js";
import { logs } from "./components/logs.js";
import { UNDER_WAY } from "./execution_words.js";

const PAUSE = 500;

/** An element with `show(step)`, and `written()`, which has what is stored read again. */
export function outputOf(executionId, name, signal) {
  const element = h("div", { class: "step-output", hidden: true });
  const address = `/api/executions/${encodeURIComponent(executionId)}/steps/${encodeURIComponent(name)}/logs`;
  let log = null;
  let timer = null;
  let watching = null;
  const begin = () => {
    log = logs({ label: `Output of ${name}`, read: () => rest.get(address, {}, signal), signal });
    element.hidden = false;
    fill(element, log);
  };
  const watchIt = (isWanted) => {
    if (isWanted && watching === null) {
      watching = new AbortController();
      watch("logs", log.change, watching.signal, () => {}, `${executionId}/${name}`);
    } else if (!isWanted) {
      watching?.abort();
      watching = null;
    }
  };
  element.show = ({ status, attempts, items }) => {
    if (log === null && attempts.length && !items?.length) begin();
    if (log !== null) watchIt(UNDER_WAY.has(status));
  };
  element.written = () => {
    if (log === null || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      log.reload();
    }, PAUSE);
  };
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    watchIt(false);
  });
  return element;
}
