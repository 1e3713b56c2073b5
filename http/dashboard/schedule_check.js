// Says, while one types, what a rule means and when it would fire, or what is wrong with it; by the server's own
// code.

import { fill, h } from "./dom.js";
import { Problem, rest } from "./rest.js";
import { dueItem, zoneChanges } from "./schedule_due.js";

const PAUSE = 300;
const SHOWN = 5;

/**
 * `look(rule, kind)` checks a `scheduleConfig` soon; `wrong(errors)` is told its wrong fields, also when there
 * are none, and gives those that it did not say at a field.
 */
export function ruleCheck({ scheduleId, wrong, signal }) {
  const element = h("div", { class: "rule-check", role: "status", "aria-label": "What the rule means" });
  let timer = null;
  let turn = 0;
  let last = "";
  signal.addEventListener("abort", () => clearTimeout(timer));

  async function check(rule, kind) {
    const mine = ++turn;
    try {
      const [words, preview] = await Promise.all([
        meaning(rule, kind, scheduleId, signal),
        rest.post("/api/schedules/preview", { scheduleConfig: rule, scheduleId, limit: SHOWN }, { signal }),
      ]);
      if (mine !== turn) return;
      wrong([]);
      fill(
        element,
        words.map((line) => h("p", { class: "rule-words" }, line)),
        times(preview, kind),
      );
    } catch (error) {
      if (mine !== turn || error.name === "AbortError") return;
      const errors = error instanceof Problem ? error.errors : [];
      const left = wrong(errors);
      const lines = errors.length ? left.map(({ msg }) => msg) : [error.message];
      fill(
        element,
        h("p", { class: "soft" }, "The rule is not right yet."),
        lines.map((line) => h("p", {}, line)),
      );
    }
  }

  return {
    element,
    look: (rule, kind) => {
      const key = JSON.stringify(rule);
      if (key === last) return;
      last = key;
      clearTimeout(timer);
      turn += 1;
      if (isEmpty(rule, kind)) {
        wrong([]);
        fill(element, h("p", { class: "soft" }, HINTS[kind]));
      } else {
        timer = setTimeout(() => check(rule, kind), PAUSE);
      }
    },
  };
}

const HINTS = {
  cron: "Five fields: minute, hour, day of the month, month, day of the week. “0 3 * * *” is each day at 3.",
  interval: "Each so often, such as “5m” or “1h 30m”, counted from the anchor or from its creation.",
  at: "Once, at an instant.",
  event: "Each time an event of that name is sent, or a workflow ends: “workflow.failed:orders”.",
  manual: "Never by itself: it waits to be triggered.",
};

function isEmpty(rule, kind) {
  const value = rule[kind];
  return kind === "manual" || value === null || value === undefined || value.length === 0;
}

/** What each cron expression says, in words. */
async function meaning(rule, kind, seed, signal) {
  if (kind !== "cron") return [];
  const found = await Promise.allSettled(
    [rule.cron].flat().map((expr) => rest.get("/api/cron", { expr, timezone: rule.timezone, count: 1, seed }, signal)),
  );
  return found.filter(({ status }) => status === "fulfilled").map(({ value }) => value.description);
}

function times(preview, kind) {
  if (kind === "event") return h("p", { class: "soft" }, "It fires each time such an event comes.");
  if (!preview.items.length)
    return h("p", { class: "soft" }, preview.next ? "Not in the next 90 days." : "It is never due.");
  return [
    h("p", { class: "soft" }, "The next times:"),
    h(
      "ol",
      { class: "due-list" },
      preview.items.map((item) => dueItem(item)),
    ),
    zoneChanges(preview.clockChanges),
  ];
}
