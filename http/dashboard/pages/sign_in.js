// Asks for a token where the server needs one. It is kept until the tab is closed.

import { fill, h } from "../dom.js";
import { remember } from "../credentials.js";
import { rest } from "../rest.js";
import { field } from "../components/dialog.js";

/** The form; `begun()` is called when a token was taken. */
export function signIn(why, begun) {
  const input = h("input", { type: "password", name: "token", required: true, autocomplete: "off", spellcheck: "false" });
  const wrong = h("div", { class: "wrong", role: "alert" }, why ? h("p", {}, why) : null);
  const button = h("button", { class: "primary", type: "submit" }, "Sign in");
  const form = h("form", { class: "sign-in card" },
    h("img", { src: "dashboard/icon.svg", alt: "", width: 48, height: 48 }),
    h("h1", {}, "Sign in to Quarterjack"),
    field("Token", input, "It stays in this tab and is forgotten when the tab is closed."),
    wrong, button,
    h("p", { class: "hint" }, "A new one is made on the server's machine: ", h("code", {}, "quarterjack token create NAME --role viewer")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    remember(input.value.trim());
    try {
      await rest.get("/api/session");
      await begun();
    } catch (problem) {
      fill(wrong, h("p", {}, problem.status === 401 ? "The server does not know this token, or it has expired." : problem.message));
      input.select();
    } finally {
      button.disabled = false;
    }
  });
  queueMicrotask(() => input.focus());
  return form;
}
