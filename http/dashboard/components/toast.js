// Short notes on what was done or failed; read out, gone after a while, kept while one looks at them.

import { h } from "../dom.js";
import { Problem } from "../rest.js";
import { icon } from "./icons.js";

const STAY = { good: 6_000, bad: 15_000 };

/** Say it. `link`: an element after the text, such as a link to what was made. */
export function toast(text, { kind = "good", link = null } = {}) {
  const note = h("div", { class: `toast tone-${kind}`, dataset: { kind } }, icon(kind === "good" ? "ok" : "warning"), h("span", {}, text), link,
    h("button", { type: "button", class: "quiet", "aria-label": "Close this note", on: { click: () => note.remove() } }, icon("close")));
  document.getElementById("toasts").append(note);
  let timer = null;
  const leave = () => (timer = setTimeout(() => note.remove(), STAY[kind]));
  note.addEventListener("mouseenter", () => clearTimeout(timer));
  note.addEventListener("mouseleave", leave);
  leave();
}

/** Do it, and say so when it failed; gives what it gave, or undefined. */
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    toast(error instanceof Problem ? error.sentences.join(" · ") : String(error.message), { kind: "bad" });
    return undefined;
  }
}
