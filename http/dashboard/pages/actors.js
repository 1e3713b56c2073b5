// Actors.

import { h } from "../dom.js";

/** The page. */
export function actors() {
  return { title: "Actors", element: h("section", { class: "page" }, h("h1", {}, "Actors")) };
}
