// Plain data as text that can be read and copied.

import { h } from "../dom.js";

/** A value as indented JSON; what has nothing in it as a dash. */
export function json(value, label) {
  const isNothing = value === null || value === undefined || (typeof value === "object" && !Object.keys(value).length);
  if (isNothing) return h("span", { class: "none" }, "–");
  return h("pre", { class: "json", tabindex: "0", "aria-label": label, role: "region" }, JSON.stringify(value, null, 2));
}

/** Pairs of a name and a node or text, as a list of definitions. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value ?? h("span", { class: "none" }, "–")))));
}
