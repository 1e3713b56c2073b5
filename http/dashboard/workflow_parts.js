// The parts of a workflow's page besides its steps: parameters, schedules, statistics, newest executions.

import { h } from "./dom.js";
import { follow } from "./live.js";
import { rest } from "./rest.js";
import { to, toOne } from "./router.js";
import { duration, relativeTime, timeOf } from "./time.js";
import { badge } from "./components/badge.js";
import { facts } from "./components/json.js";
import { empty, loaded } from "./components/states.js";
import { executionLink, took } from "./execution_columns.js";
import { scheduleLink } from "./execution_schedules.js";
import { triggerWord } from "./execution_words.js";
import { dayBars } from "./workflow_days.js";
import { percent } from "./workflow_words.js";

const DAYS = 30;
const MOST = 10;
const PAUSE = 500;
const ENDS = ["workflow:completed", "workflow:failed", "workflow:cancelled", "workflow:timedOut"];

/** What a run takes. */
export function parameters({ params }) {
  if (!params.length) return h("p", { class: "soft" }, "It takes none.");
  return table(
    ["Name", "Needed", ""],
    params.map(({ name, required, secret }) => [
      h("code", {}, name),
      required ? "yes" : "no, it has a default",
      secret ? "secret: never shown" : "",
    ]),
  );
}

/** Its schedules, oldest first. */
export function schedules(id, signal) {
  return loaded(
    async () => {
      const { items, total } = await rest.get("/api/schedules/summaries", { workflowId: id, limit: MOST }, signal);
      if (!items.length) return empty("It has no schedule");
      return [
        h(
          "div",
          { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Schedules, scrolls" },
          table(
            ["Schedule", "State", "Rule", "Next"],
            items.map((each) => [
              h("a", { href: toOne("schedules", each.scheduleId), class: "cut block", title: each.name }, each.name),
              badge(each.status),
              each.rule,
              relativeTime(each.nextExecution),
            ]),
          ),
        ),
        total > items.length
          ? h("p", {}, h("a", { href: to("/schedules", { workflowId: id }) }, `All ${total} schedules`))
          : null,
      ];
    },
    signal,
    "part",
  );
}

/** How its executions went. Read again, a moment after one has ended. */
export function statistics(id, signal) {
  const element = loaded(
    async () => {
      const found = await rest.get(`/api/workflows/${encodeURIComponent(id)}/statistics`, { days: DAYS }, signal);
      if (!found.executions) return empty(`No execution has ended in the last ${DAYS} days`);
      return [
        facts([
          ["Executions", found.executions.toLocaleString()],
          ["Succeeded", percent(found.successRate)],
          ["Half within (p50)", duration(found.p50)],
          ["95 % within (p95)", duration(found.p95)],
          ["Average", duration(found.averageDuration)],
        ]),
        dayBars(found.days, DAYS),
      ];
    },
    signal,
    "part",
  );
  rereads(element, ENDS, id, signal);
  return element;
}

/** The newest of its executions, as they change. */
export function newest(id, signal) {
  const element = loaded(
    async () => {
      const { items, nextCursor } = await rest.get("/api/executions", { workflowId: id, limit: MOST }, signal);
      if (!items.length) return empty("It has not run yet");
      return [
        h(
          "div",
          { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Newest executions, scrolls" },
          table(
            ["State", "Execution", "Schedule", "Begun by", "Started", "Duration"],
            items.map((each) => [
              badge(each.status),
              executionLink({ ...each, workflowId: shortId(each.id) }),
              scheduleLink(each.scheduleId),
              triggerWord(each.trigger),
              timeOf(each.startedAt),
              took(each),
            ]),
          ),
        ),
        nextCursor ? h("p", {}, h("a", { href: to("/executions", { workflowId: id }) }, "All its executions")) : null,
      ];
    },
    signal,
    "part",
  );
  rereads(element, ["schedule:triggered", "workflow:started", "workflow:step:started", ...ENDS], id, signal);
  return element;
}

function shortId(id) {
  return `…${id.slice(-8)}`;
}

function rereads(element, topics, key, signal) {
  let timer = null;
  const soon = () =>
    (timer ??= setTimeout(() => {
      timer = null;
      element.reload();
    }, PAUSE));
  signal.addEventListener("abort", () => clearTimeout(timer));
  for (const topic of topics) follow({ topic, key, event: soon, gap: soon, begun: soon }, signal);
}

function table(titles, rows) {
  return h(
    "table",
    { class: "plain" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        titles.map((each) => (each ? h("th", { scope: "col" }, each) : h("td", {}))),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((cells) =>
        h(
          "tr",
          {},
          cells.map((each) => h("td", {}, each)),
        ),
      ),
    ),
  );
}
