// What stands where nothing is (yet): loading, nothing found, a failure with what to do.

import { h } from "../dom.js";
import { Problem } from "../rest.js";

/** It is on its way. */
export function loading(what = "Loading …") {
  return h("p", { class: "loading", role: "status" }, what);
}

/** There is nothing: a sentence, and what one can do about it. */
export function empty(title, ...more) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), more.length ? h("div", {}, ...more) : null);
}

/** It failed: why, and a button that tries `again`. */
export function failure(error, again) {
  const lines = error instanceof Problem ? error.sentences : [String(error.message ?? error)];
  return h("div", { class: "failure", role: "alert" },
    h("p", { class: "empty-title" }, error.title || "That did not work"),
    lines.map((line) => h("p", {}, line)),
    again ? h("button", { type: "button", on: { click: again } }, "Try again") : null);
}

/**
 * An element that shows `loading`, then what `load()` gives a node of, or the failure; loads again with `.reload()`,
 * keeping what is shown until the new is there.
 */
export function loaded(load, signal, className = "") {
  const element = h("div", { class: className }, loading());
  let turn = 0;
  element.reload = async () => {
    const mine = ++turn;
    try {
      const found = await load();
      if (mine === turn && !signal?.aborted) element.replaceChildren(...[found].flat().filter(Boolean));
    } catch (error) {
      if (error.name !== "AbortError" && mine === turn && !signal?.aborted) element.replaceChildren(failure(error, element.reload));
    }
  };
  element.reload();
  return element;
}
