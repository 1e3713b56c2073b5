// One schedule: what it is, when it is due, how it went and why it did not run, and all that can be done with it.

import { fill, h } from "../dom.js";
import { rest } from "../rest.js";
import { to } from "../router.js";
import { empty, failure, loading } from "../components/states.js";
import { tabs } from "../components/tabs.js";
import { auditTab } from "../schedule_audit.js";
import { backfillPanel } from "../schedule_backfill.js";
import { later, onSchedules } from "../schedule_changes.js";
import { dueCard } from "../schedule_due.js";
import { metricsTab, settingsTab } from "../schedule_facts.js";
import { firesTab } from "../schedule_fires.js";
import { nowCard, scheduleHead } from "../schedule_head.js";
import { historyTab } from "../schedule_history.js";
import { yearCard } from "../schedule_year.js";

const LONG = 1500;
const AUDITED = /^schedule\.(created|updated|deleted|paused|resumed|triggered)$/;

/** The page. */
export function schedule({ params, query, signal }) {
  const element = h("section", { class: "page schedule-page" }, h("h1", {}, "Schedule"), loading());
  const page = { title: "Schedule", element, query: (changed) => (now.query = changed) };
  const now = { query };
  const begin = async () => {
    try {
      const found = await everything(params.id, signal);
      if (signal.aborted) return;
      document.title = `${found.workflow.name} · Quarterjack`;
      page.query = shown({ id: params.id, found, element, query: now.query, signal });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      fill(element, h("h1", {}, "Schedule"), problem.status === 404 ? gone() : failure(problem, begin));
    }
  };
  begin();
  return page;
}

function gone() {
  return empty(
    "There is no such schedule",
    h(
      "p",
      {},
      "It may have been deleted. What it ran stays under ",
      h("a", { href: to("/executions") }, "Executions"),
      ".",
    ),
  );
}

async function everything(id, signal) {
  const path = `/api/schedules/${encodeURIComponent(id)}`;
  const [
    workflow,
    status,
    {
      items: [summary],
    },
  ] = await Promise.all([
    rest.get(`${path}/workflow`, {}, signal),
    rest.get(`${path}/status`, {}, signal),
    rest.get("/api/schedules/summaries", { ids: id }, signal),
  ]);
  return { workflow, status, summary };
}

/** Put all parts on the page and keep them current; gives what follows the address. */
function shown({ id, found, element, query, signal }) {
  let current = found;
  let address = query;
  const read = () => current;
  const refresh = async () => {
    try {
      const before = current.workflow.version;
      current = await everything(id, signal);
      for (const part of [head, card, ...panels.values()]) part.refresh?.();
      if (before !== current.workflow.version) due.reload();
    } catch (problem) {
      // What else goes wrong is mended by the next event, which has it read again.
      if (problem.status === 404) fill(element, h("h1", {}, "Schedule"), gone());
    }
  };
  const head = scheduleHead(read, () => {
    refresh();
    backfills.reload();
    panels.get("audit")?.reload();
  });
  const card = nowCard(read);
  const due = dueCard(read, signal);
  const year = yearCard(id, found.workflow.createdAt, query, signal);
  const backfills = backfillPanel(id, signal);
  const panels = new Map();
  const parts = tabs("About the schedule", partsOf({ id, read, signal, panels, now: () => address }), query);
  fill(
    element,
    head,
    backfills,
    h("div", { class: "columns" }, due, card),
    year,
    h("section", { class: "card" }, h("h2", { class: "unseen" }, "Details"), parts),
  );
  keepCurrent({ id, signal, refresh, panels, backfills, year, due });
  return (changed) => {
    address = changed;
    parts.show(changed);
    year.show(changed);
    for (const each of panels.values()) each.show?.(changed);
  };
}

/** The tabs; each panel is remembered when it is made, so that it can follow the address and the events. */
function partsOf({ id, read, signal, panels, now }) {
  const part = (name, words, make) => [
    name,
    words,
    () => {
      const panel = make();
      panels.set(name, panel);
      return panel;
    },
  ];
  return [
    part("history", "History", () => historyTab(id, now(), signal)),
    part("fires", "Fire ledger", () => firesTab(id, now(), signal)),
    part("metrics", "Metrics", () => metricsTab(read)),
    part("settings", "Notes and settings", () => settingsTab(read)),
    part("audit", "Audit", () => auditTab(id, signal)),
  ];
}

function keepCurrent({ id, signal, refresh, panels, backfills, year, due }) {
  // What is done is noted in the audit when it has happened, so a moment after its event.
  const audited = later(() => panels.get("audit")?.reload(), LONG, signal);
  const slowly = later(
    () => {
      year.reload();
      due.reload();
    },
    LONG,
    signal,
  );
  const all = (events) => {
    refresh();
    backfills.reload();
    slowly();
    for (const name of ["history", "fires"]) panels.get(name)?.changed(events);
    if (events.some(({ type }) => AUDITED.test(type))) audited();
  };
  onSchedules({ key: id, changed: all, again: () => all([]) }, signal);
}
