// Questions and forms over the page, as the browser's own dialogs: Escape closes, the focus stays inside and returns.

import { fill, h } from "../dom.js";
import { Problem } from "../rest.js";

let count = 0;

/**
 * A form in a dialog. `body`: nodes with inputs. `submit(form)` does it; what it throws is shown and the dialog stays.
 * Gives what `submit` gave, or undefined when it was closed.
 */
export function ask({ title, body, action, danger = false, submit, wide = false }) {
  return new Promise((resolve) => {
    const titleId = `dialog-${++count}`;
    const wrong = h("div", { class: "wrong", role: "alert" });
    const go = h("button", { type: "submit", class: danger ? "danger" : "primary" }, action);
    const stop = h("button", { type: "button", on: { click: () => dialog.close() } }, danger ? "Keep it as it is" : "Close");
    const form = h("form", { method: "dialog", novalidate: true }, h("h2", { id: titleId }, title), h("div", { class: "dialog-body" }, body), wrong,
      h("div", { class: "actions" }, stop, go));
    const dialog = h("dialog", { "aria-labelledby": titleId, class: wide ? "wide" : null }, form);
    let result;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (go.disabled) return;
      go.disabled = true;
      fill(wrong);
      try {
        result = (await submit(form)) ?? null;
        dialog.close();
      } catch (error) {
        const lines = error instanceof Problem ? error.sentences : [String(error.message)];
        fill(wrong, lines.map((line) => h("p", {}, line)));
      } finally {
        go.disabled = false;
      }
    });
    const leave = () => dialog.close(); // another page is shown below it
    window.addEventListener("hashchange", leave);
    dialog.addEventListener("close", () => {
      window.removeEventListener("hashchange", leave);
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Whether it is to be done: the question says what it will do. */
export async function confirmed({ title, what, action, danger = true }) {
  return (await ask({ title, body: h("p", {}, what), action, danger, submit: () => true })) === true;
}

/** A labelled input: `field("Note", input, "shown on the schedule")`. */
export function field(label, input, hint) {
  const id = input.id || (input.id = `field-${++count}`);
  const hintId = `${id}-hint`;
  if (hint) input.setAttribute("aria-describedby", hintId);
  return h("div", { class: "field" }, h("label", { for: id }, label), input, hint ? h("p", { class: "hint", id: hintId }, hint) : null);
}
