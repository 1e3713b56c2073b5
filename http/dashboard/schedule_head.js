// The head of a schedule's page: what it is, how it stands, and what the viewer may do with it.

import { fill, h } from "./dom.js";
import { to, toOne } from "./router.js";
import { can } from "./session.js";
import { elapsedSince, relativeTime } from "./time.js";
import { badge } from "./components/badge.js";
import { icon } from "./components/icons.js";
import { spark } from "./components/spark.js";
import { attempt } from "./components/toast.js";
import { canPause, canResume, deleteOne, pauseThem, resumeThem, syncOne, triggerOne } from "./schedule_acts.js";
import { backfillOne } from "./schedule_backfill.js";
import { editSchedule } from "./schedule_form.js";
import { standing } from "./schedule_rows.js";
import { counted } from "./schedule_words.js";

const RUNNING_SHOWN = 5;

/**
 * `read()` gives `{workflow, status, summary}`; `refresh()` shows it, `done(what)` is called after something was
 * done.
 */
export function scheduleHead(read, done) {
  const title = h("h1", { dir: "auto" });
  const states = h("span", { class: "standing" });
  const actions = h("div", { class: "actions" });
  const rule = h("p", { class: "rule-line" });
  const notices = h("div", { class: "notices" });
  const crumb = h("span", { class: "cut", dir: "auto" });
  let offered = null;
  const element = h(
    "header",
    { class: "stack schedule-head" },
    h(
      "nav",
      { class: "crumbs", "aria-label": "Where this is" },
      h("a", { href: to("/schedules") }, "Schedules"),
      " / ",
      crumb,
    ),
    h("div", { class: "page-head" }, title, states, actions),
    rule,
    notices,
  );
  element.refresh = () => {
    const { workflow, status, summary } = read();
    fill(title, workflow.name);
    fill(crumb, workflow.name);
    fill(states, standing(summary));
    fill(
      rule,
      h("strong", { class: "rule-in-words" }, summary.rule),
      h("span", { class: "soft" }, ` · ${summary.timezone} · runs `),
      h("a", { href: toOne("workflows", workflow.workflowId) }, workflow.workflowId),
    );
    fill(notices, noticesOf(status, summary));
    if (offered !== summary.status) fill(actions, buttons(read, done)); // a button that has the focus stays
    offered = summary.status;
  };
  element.refresh();
  return element;
}

function noticesOf(status, summary) {
  const { lastError, note } = status;
  return [
    note
      ? h(
          "p",
          { class: `notice tone-${summary.status === "active" ? "dull" : "warn"}` },
          icon(summary.status === "paused" ? "paused" : "warning"),
          h("span", { dir: "auto" }, note),
        )
      : null,
    summary.status === "error" && lastError
      ? h(
          "p",
          { class: "notice tone-bad" },
          icon("warning"),
          h("span", {}, `It is in quarantine: ${lastError.type}: ${lastError.message}`),
        )
      : null,
    summary.lost
      ? h(
          "p",
          { class: "notice tone-warn" },
          icon("missed"),
          h(
            "span",
            {},
            `${counted(summary.lost, "due instant")} missed in the last 24 hours. `,
            h("a", { href: toOne("schedules", summary.scheduleId, { tab: "fires", outcome: "missed" }) }, "Why?"),
          ),
        )
      : null,
  ];
}

function buttons(read, done) {
  const { summary } = read();
  const button = (picture, words, act, kind = "") =>
    h("button", { type: "button", class: kind, on: { click: act } }, picture ? icon(picture) : null, words);
  const after = async (act) => {
    if (await act()) done();
  };
  return [
    can("operator") ? button("play", "Run now …", () => after(() => triggerOne(read().summary)), "primary") : null,
    can("operator") && canPause(summary)
      ? button("pause", "Pause …", () => after(() => pauseThem([read().summary])))
      : null,
    can("operator") && canResume(summary)
      ? button("retry", "Resume …", () => after(() => resumeThem([read().summary])))
      : null,
    can("admin") ? button(null, "Edit …", () => after(() => attempt(() => editSchedule(read().workflow.id)))) : null,
    can("operator") ? button(null, "Backfill …", () => after(() => backfillOne(read()))) : null,
    can("operator") ? button(null, "Sync", () => after(async () => (await syncOne(read().summary), true))) : null,
    can("admin") ? button(null, "Delete …", () => remove(read())) : null,
  ];
}

async function remove({ status, summary }) {
  if (await deleteOne(summary, status.running.length + status.queued.length)) location.hash = to("/schedules");
}

/** The card with what runs, what comes, and how the last ones went. */
export function nowCard(read) {
  const body = h("div", { class: "stack" });
  const element = h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Now")), body);
  element.refresh = () => {
    const { status, summary } = read();
    const last = summary.lastExecution;
    fill(
      body,
      h(
        "dl",
        { class: "facts" },
        pair(
          "Next run",
          status.nextExecution ? relativeTime(status.nextExecution) : h("span", { class: "none" }, "none is planned"),
        ),
        pair(
          "Last run",
          last
            ? h(
                "a",
                { class: "row-last", href: toOne("executions", last.id) },
                badge(last.status),
                relativeTime(last.endedAt ?? last.startedAt ?? last.scheduledTime),
              )
            : "never",
        ),
        pair("Last 30 runs", spark(summary.recent)),
      ),
      status.running.length
        ? h("ul", { class: "now-list" }, status.running.slice(0, RUNNING_SHOWN).map(running))
        : h("p", { class: "soft" }, "Nothing of it runs."),
      status.running.length > RUNNING_SHOWN
        ? h("p", { class: "soft" }, `and ${status.running.length - RUNNING_SHOWN} more`)
        : null,
      status.queued.length ? h("p", { class: "soft" }, `${counted(status.queued.length, "run")} queued`) : null,
    );
  };
  element.refresh();
  return element;
}

const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function running({ id, status, startedAt }) {
  return h(
    "li",
    {},
    h("a", { href: toOne("executions", id) }, badge(status)),
    " for ",
    startedAt ? elapsedSince(startedAt) : "–",
  );
}
