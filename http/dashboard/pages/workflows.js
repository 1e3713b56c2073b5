// Workflows.

import { h } from "../dom.js";

/** The page. */
export function workflows() {
  return { title: "Workflows", element: h("section", { class: "page" }, h("h1", {}, "Workflows")) };
}
