// Who did what with a schedule, and when, in words.

import { h } from "./dom.js";
import { rest } from "./rest.js";
import { attempt } from "./components/toast.js";
import { empty, loaded } from "./components/states.js";
import { timeOf } from "./time.js";
import { done } from "./schedule_words.js";

const REFUSED = 400;

/** The panel of the tab; `reload()` reads it again. */
export function auditTab(id, signal) {
  const path = `/api/schedules/${encodeURIComponent(id)}/audit`;
  const list = loaded(
    async () => {
      const found = await rest.get(path, { limit: 50 }, signal);
      if (!found.items.length) return empty("Nobody has done anything with it yet");
      const items = h("ol", { class: "audit" }, found.items.map(entry));
      return [items, found.nextCursor ? more(path, found.nextCursor, items, signal) : null];
    },
    signal,
    "stack",
  );
  return list;
}

function more(path, cursor, items, signal) {
  const button = h(
    "button",
    {
      type: "button",
      on: {
        click: async () => {
          button.disabled = true;
          const found = await attempt(() => rest.get(path, { limit: 50, cursor }, signal));
          button.disabled = false;
          if (!found) return;
          items.append(...found.items.map(entry));
          cursor = found.nextCursor;
          button.hidden = cursor === null;
        },
      },
    },
    "Show earlier ones",
  );
  return button;
}

function entry({ at, tokenName, role, action, status, detail }) {
  const isRefused = status >= REFUSED;
  const who = tokenName ?? "Somebody on the server’s machine";
  return h(
    "li",
    { class: isRefused ? "is-refused" : null },
    timeOf(at),
    h(
      "span",
      { class: "audit-words" },
      h("bdi", { class: "audit-who" }, who),
      isRefused ? ` was refused (${status}): ` : " ",
      done(action),
      h("span", { class: "soft" }, ` · as ${role}`),
      detailOf(detail),
    ),
  );
}

function detailOf(detail) {
  const pairs = Object.entries(detail ?? {});
  if (!pairs.length) return null;
  return h(
    "span",
    { class: "audit-detail soft" },
    pairs.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(" · "),
  );
}
