// How a schedule went, in numbers, and all that was said of it.

import { fill, h } from "./dom.js";
import { toOne } from "./router.js";
import { duration, timeOf } from "./time.js";
import { facts, json } from "./components/json.js";
import { spanText } from "./schedule_fields.js";
import { CATCH_UPS, OVERLAPS } from "./schedule_words.js";

const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const word = (pairs, value) => pairs.find(([each]) => each === value)?.[1] ?? value;

/** The panel of the metrics; `refresh()` shows what `read()` gives now. */
export function metricsTab(read) {
  return refreshed(() => {
    const { status, summary } = read();
    const { metrics, lastError } = status;
    return [
      facts([
        ["Runs that ended", metrics.totalExecutions.toLocaleString()],
        ["Succeeded", metrics.successfulExecutions.toLocaleString()],
        ["Failed", metrics.failedExecutions.toLocaleString()],
        ["Failures in a row", String(summary.failuresInRow)],
        ["Succeeded of the last 30 days", metrics.uptime === null ? null : share.format(metrics.uptime)],
        ["Average duration", duration(metrics.averageExecutionTime)],
        ["Duration of the last", duration(metrics.lastExecutionDuration)],
        ["Missed in the last 24 hours", String(summary.lost)],
        ["Last run", timeOf(status.lastExecution)],
        ["Next run", timeOf(status.nextExecution)],
      ]),
      lastError
        ? h(
            "div",
            { class: "last-error" },
            h("h3", {}, "The last error"),
            h(
              "pre",
              { class: "text", tabindex: "0", role: "region", "aria-label": "The last error" },
              `${lastError.type}: ${lastError.message}`,
            ),
          )
        : null,
    ];
  });
}

/** The panel with description, notes, metadata and settings. */
export function settingsTab(read) {
  return refreshed(() => {
    const { workflow, status } = read();
    const { scheduleConfig: rule, executionConfig: runs } = workflow;
    return [
      part(
        "Description",
        workflow.description
          ? h("p", { class: "prose-text", dir: "auto" }, workflow.description)
          : h("span", { class: "none" }, "–"),
      ),
      status.note ? part("Note", h("p", { class: "prose-text", dir: "auto" }, status.note)) : null,
      part("Rule", ruleFacts(rule)),
      part("Runs", runFacts(runs)),
      part("Parameters", json(runs.params, "Parameters")),
      part("Metadata", json(workflow.metadata, "Metadata")),
      part(
        "Itself",
        facts([
          ["Id", h("code", {}, workflow.id)],
          ["Workflow", h("a", { href: toOne("workflows", workflow.workflowId) }, workflow.workflowId)],
          ["Version", String(workflow.version)],
          ["Made", timeOf(workflow.createdAt)],
          ["Changed", timeOf(workflow.updatedAt)],
        ]),
      ),
    ];
  });
}

function refreshed(make) {
  const element = h("div", { class: "stack" });
  element.refresh = () => fill(element, make());
  element.refresh();
  return element;
}

function part(title, ...nodes) {
  return h("section", { class: "settings-part" }, h("h3", {}, title), nodes);
}

function ruleFacts(rule) {
  const code = (value) => h("code", {}, value);
  return facts([
    rule.cron !== undefined && ["Cron", code([rule.cron].flat().join("  ·  "))],
    rule.interval !== undefined && ["Every", spanText(rule.interval)],
    rule.anchor !== undefined && ["Counted from", timeOf(rule.anchor)],
    rule.at !== undefined && ["At", timeOf(rule.at)],
    rule.event !== undefined && ["Event", code(rule.event)],
    rule.eventFilter !== undefined && ["Only if the payload has", code(JSON.stringify(rule.eventFilter))],
    rule.manual !== undefined && ["Kind", "only by hand"],
    ["Time zone", rule.timezone],
    ["Not before", timeOf(rule.startAt)],
    ["Until", timeOf(rule.endAt)],
    ["Days off", rule.exclude.length ? rule.exclude.join(", ") : null],
    ["Spread by up to", rule.jitter ? spanText(rule.jitter) : null],
    ["At most so many runs", rule.maxRuns === null ? null : rule.maxRuns.toLocaleString()],
    ["If one still runs", word(OVERLAPS, rule.overlap)],
    ["If it could not fire", word(CATCH_UPS, rule.catchUp)],
    ["Catch up at most", rule.catchUpWindow === null ? "one period, at most 1h" : spanText(rule.catchUpWindow)],
  ]);
}

function runFacts(runs) {
  const { retryPolicy } = runs;
  return facts([
    ["Priority", String(runs.priority)],
    ["Timeout", runs.timeout === null ? "none" : spanText(runs.timeout)],
    ["Runs at once", String(runs.maxConcurrency)],
    ["Pause after failures in a row", runs.pauseOnFailure === null ? "never" : String(runs.pauseOnFailure)],
    ["Tries of a step", retryPolicy === null ? "as the workflow says" : String(retryPolicy.attempts)],
    retryPolicy !== null && ["Wait before the second try", spanText(retryPolicy.backoff)],
  ]);
}
