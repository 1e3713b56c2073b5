// An error: its type and message, and the traceback, folded, to be copied.

import { h } from "./dom.js";
import { copyButton } from "./components/copy.js";

const LONG = 300;

/** Nodes for `{type, message, traceback}`. */
export function errorOf({ type, message, traceback }) {
  return h(
    "div",
    { class: "error-box" },
    h(
      "p",
      { class: "error-words", tabindex: message.length > LONG ? "0" : null },
      h("strong", {}, type),
      message ? `: ${message}` : "",
    ),
    traceback
      ? h(
          "details",
          {},
          h("summary", {}, "Traceback"),
          copyButton(() => traceback),
          h("pre", { class: "text", tabindex: "0", role: "region", "aria-label": `Traceback of ${type}` }, traceback),
        )
      : null,
  );
}
