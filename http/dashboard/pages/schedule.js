// Schedule.

import { h } from "../dom.js";

/** The page. */
export function schedule() {
  return { title: "Schedule", element: h("section", { class: "page" }, h("h1", {}, "Schedule")) };
}
