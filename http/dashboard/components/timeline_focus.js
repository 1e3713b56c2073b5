// Going from mark to mark by keyboard, and what a mark says on hover and on focus.

import { fill, h } from "../dom.js";

/**
 * One tab stop for all that has the class `tl-item` in `container`: arrows go on from there, Home and End to the ends
 * of a row. Gives `settle()`, to be called after drawing, so that there is one.
 */
export function roving(container) {
  let current = null;
  const choose = (item) => {
    if (current && current !== item) current.tabIndex = -1;
    current = item;
    if (item) item.tabIndex = 0;
  };
  container.addEventListener("focusin", ({ target }) => target.matches(".tl-item") && choose(target));
  container.addEventListener("keydown", (event) => {
    if (!event.target.matches(".tl-item")) return;
    const next = nextOf(event.target, event.key);
    if (next === undefined) return;
    event.preventDefault();
    next?.focus();
  });
  return () => {
    if (current?.isConnected) return;
    choose(container.querySelector(".tl-item"));
  };
}

/** Null: there is nothing that way; undefined: the key is none of ours. */
function nextOf(item, key) {
  const row = item.closest('[role="row"]');
  const items = [...row.querySelectorAll(".tl-item")];
  const index = items.indexOf(item);
  switch (key) {
    case "ArrowRight": return items[index + 1] ?? null;
    case "ArrowLeft": return items[index - 1] ?? null;
    case "Home": return items[0];
    case "End": return items.at(-1);
    case "ArrowDown": return nearest(item, row, 1);
    case "ArrowUp": return nearest(item, row, -1);
    default: return undefined;
  }
}

function nearest(item, row, step) {
  const wanted = Number(row.getAttribute("aria-rowindex")) + step;
  const items = [...row.parentElement.querySelectorAll(`[aria-rowindex="${wanted}"] .tl-item`)];
  const middle = ({ left, right }) => (left + right) / 2;
  const place = middle(item.getBoundingClientRect());
  const away = (each) => Math.abs(middle(each.getBoundingClientRect()) - place);
  return items.sort((one, other) => away(one) - away(other))[0] ?? null;
}

/** Shows `linesOf(mark element)` beside the mark that has the pointer or the focus; Escape takes it away. */
export function tips(container, linesOf) {
  const tip = h("div", { class: "tl-tip", "aria-hidden": "true", hidden: true });
  container.append(tip);
  const hide = () => (tip.hidden = true);
  const show = (target) => {
    const mark = target.closest?.(".mark");
    if (!mark) return hide();
    const [first, ...rest] = linesOf(mark);
    fill(tip, h("strong", {}, first), rest.map((line) => h("span", {}, line)));
    tip.hidden = false;
    const frame = container.getBoundingClientRect();
    const place = mark.getBoundingClientRect();
    const left = Math.min(Math.max(4, (place.left + place.right) / 2 - frame.left - tip.offsetWidth / 2),
      frame.width - tip.offsetWidth - 4);
    const isLow = place.bottom - frame.top + tip.offsetHeight + 10 > frame.height
      && place.top - frame.top > tip.offsetHeight + 8;
    const top = isLow ? place.top - frame.top - tip.offsetHeight - 6 : place.bottom - frame.top + 6;
    tip.style.setProperty("left", `${left}px`);
    tip.style.setProperty("top", `${top}px`);
  };
  container.addEventListener("pointerover", ({ target }) => show(target));
  container.addEventListener("pointerleave", hide);
  container.addEventListener("focusin", ({ target }) => show(target));
  container.addEventListener("focusout", hide);
  container.addEventListener("scroll", hide, { capture: true, passive: true });
  container.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
}
