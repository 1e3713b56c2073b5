// Workflow.

import { h } from "../dom.js";

/** The page. */
export function workflow() {
  return { title: "Workflow", element: h("section", { class: "page" }, h("h1", {}, "Workflow")) };
}
