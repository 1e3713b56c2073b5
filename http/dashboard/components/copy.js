// Copies a text, and says so.

import { h, say } from "../dom.js";

const STAY = 2_000;

/** A button that copies what `text()` gives. */
export function copyButton(text, words = "Copy") {
  const button = h(
    "button",
    {
      type: "button",
      class: "small quiet copy",
      on: {
        click: async () => {
          say(button, (await copied(text())) ? "Copied" : "The browser refused");
          setTimeout(() => say(button, words), STAY);
        },
      },
    },
    words,
  );
  return button;
}

/** Over plain HTTP to another machine browsers have no clipboard for pages, but the old way goes. */
async function copied(text) {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    return false;
  }
  const area = h("textarea", { value: text, class: "unseen", "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}
