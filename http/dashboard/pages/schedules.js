// Schedules.

import { h } from "../dom.js";

/** The page. */
export function schedules() {
  return { title: "Schedules", element: h("section", { class: "page" }, h("h1", {}, "Schedules")) };
}
