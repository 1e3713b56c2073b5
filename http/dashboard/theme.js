// Light, dark, or as the system has it; remembered by the browser.

import { fill, h } from "./dom.js";
import { icon } from "./components/icons.js";

const NAME = "quarterjack.theme";
const NEXT = { system: "light", light: "dark", dark: "system" };

function chosen() {
  const found = localStorage.getItem(NAME);
  return found in NEXT ? found : "system";
}

function apply() {
  const theme = chosen();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** A button that goes through the three. */
export function themeButton() {
  const button = h("button", { class: "quiet", type: "button" });
  const show = () => {
    fill(button, icon(chosen()), h("span", {}, `Theme: ${chosen()}`));
    button.title = `Change to ${NEXT[chosen()]}`;
  };
  button.addEventListener("click", () => {
    localStorage.setItem(NAME, NEXT[chosen()]);
    apply();
    show();
  });
  show();
  return button;
}

apply();
