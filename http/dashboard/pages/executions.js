// Executions.

import { h } from "../dom.js";

/** The page. */
export function executions() {
  return { title: "Executions", element: h("section", { class: "page" }, h("h1", {}, "Executions")) };
}
