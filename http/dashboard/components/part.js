// A piece of a page that is made anew just when what it shows has changed: focus and what is unfolded stay.

import { fill, h } from "../dom.js";

/** An element with `show(value)`; `make(value)` gives its contents. It is hidden while there are none. */
export function part(make, props = {}) {
  const element = h("div", props);
  let last;
  element.show = (value) => {
    const text = JSON.stringify(value) ?? "";
    if (text === last) return;
    last = text;
    const made = [make(value)].flat(Infinity).filter(Boolean);
    fill(element, made);
    element.hidden = !made.length;
  };
  return element;
}
