// Tabs whose choice lives in the address (`?tab=`). Each panel is made when it is first shown.

import { fill, h } from "../dom.js";
import { setQuery } from "../router.js";

/** `tabs("Parts of the schedule", [["history", "History", () => node], …], query)`; `.show(query)` follows the address. */
export function tabs(label, parts, query) {
  const made = new Map();
  const panel = h("div", { class: "tab-panel", role: "tabpanel", tabindex: "0", id: "tab-panel" });
  const buttons = parts.map(([name, words]) => h("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "tab-panel",
    on: { click: () => setQuery({ tab: name === parts[0][0] ? null : name }) },
  }, words));
  const list = h("div", { class: "tab-list", role: "tablist", "aria-label": label, on: { keydown: move } }, buttons);
  const element = h("div", { class: "tabs" }, list, panel);
  element.show = (now) => {
    const wanted = now.get("tab");
    const index = Math.max(0, parts.findIndex(([name]) => name === wanted));
    const [name, , make] = parts[index];
    buttons.forEach((button, place) => {
      button.setAttribute("aria-selected", String(place === index));
      button.tabIndex = place === index ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    if (!made.has(name)) made.set(name, make());
    if (panel.firstElementChild !== made.get(name)) fill(panel, made.get(name));
  };
  function move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = buttons.indexOf(document.activeElement);
    const next = buttons[(index + step + buttons.length) % buttons.length];
    next.click();
    next.focus();
  }
  element.show(query);
  return element;
}
