// Overview.

import { h } from "../dom.js";

/** The page. */
export function overview() {
  return { title: "Overview", element: h("section", { class: "page" }, h("h1", {}, "Overview")) };
}
