// Filters whose values live in the address.

import { h } from "../dom.js";
import { setQuery } from "../router.js";
import { icon } from "./icons.js";

const PAUSE = 250;

/** A search field for `name` in the query; `show(query)` brings it up to date. */
export function searchField(name, label, query) {
  let timer = null;
  const input = h("input", {
    type: "search", placeholder: label, "aria-label": label, value: query.get(name) ?? "", autocomplete: "off", spellcheck: "false",
    on: {
      input: () => {
        clearTimeout(timer);
        timer = setTimeout(() => setQuery({ [name]: input.value.trim() }), PAUSE);
      },
    },
  });
  const element = h("div", { class: "search" }, icon("search"), input);
  element.show = (now) => {
    if (document.activeElement !== input) input.value = now.get(name) ?? "";
  };
  return element;
}

/** A choice for `name` in the query from `[[value, words], …]`, the first of which is for all. */
export function choice(name, label, options, query) {
  const select = h("select", { on: { change: () => setQuery({ [name]: select.value }) } },
    options.map(([value, words]) => h("option", { value }, words)));
  const element = h("label", { class: "choice" }, h("span", {}, label), select);
  element.show = (now) => {
    const value = now.get(name) ?? "";
    if (value && !options.some(([each]) => each === value)) {
      options.push([value, value]);
      select.append(h("option", { value }, value));
    }
    select.value = value;
  };
  element.show(query);
  return element;
}
