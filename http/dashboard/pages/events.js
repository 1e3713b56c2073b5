// Events.

import { h } from "../dom.js";

/** The page. */
export function events() {
  return { title: "Events", element: h("section", { class: "page" }, h("h1", {}, "Events")) };
}
