// Execution.

import { h } from "../dom.js";

/** The page. */
export function execution() {
  return { title: "Execution", element: h("section", { class: "page" }, h("h1", {}, "Execution")) };
}
