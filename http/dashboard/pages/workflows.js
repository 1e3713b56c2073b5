// The workflows that the server has: what each is for, how many schedules it has, and how it went lately.

import { fill, h } from "../dom.js";
import { rest } from "../rest.js";
import { toOne } from "../router.js";
import { duration } from "../time.js";
import { empty } from "../components/states.js";
import { virtualTable } from "../components/virtual_table.js";
import { percent } from "../workflow_words.js";

const PAGE = 100;
const DAYS = 30;

/** The page. */
export function workflows({ signal }) {
  const known = new Map();
  const later = (name, id, words) => {
    const cell = h("span", { class: "soft" }, "…");
    const ask = `${name} ${id}`;
    if (!known.has(ask)) known.set(ask, LOOKS[name](id, signal));
    known.get(ask).then(
      (found) => fill(cell, words(found)),
      () => fill(cell, "–"),
    );
    return cell;
  };
  const table = virtualTable({
    label: "Workflows",
    columns: columnsOf(later),
    widths: "minmax(9rem, 1.2fr) minmax(9rem, 2.5fr) 3.5rem 5.5rem 5rem 6rem 5rem 5rem",
    narrowWidths: "minmax(0, 1fr) 5.5rem 5rem",
    key: ({ id }) => id,
    load: (cursor) => rest.get("/api/workflows", { limit: PAGE, cursor }, signal),
    nothing: () => empty("The server has no workflows", "Give it some: quarterjack serve --app MODULE"),
    signal,
  });
  const element = h(
    "section",
    { class: "page" },
    h("h1", {}, "Workflows"),
    h(
      "p",
      { class: "soft" },
      `Runs, successes and durations are those of the last ${DAYS} days: half of the runs that succeeded `,
      "took no longer than p50, 95 of 100 no longer than p95.",
    ),
    table,
  );
  return { title: "Workflows", element };
}

function columnsOf(later) {
  const statistics = (words) => (item) => later("statistics", item.id, words);
  return [
    { name: "name", title: "Workflow", cell: ({ id }) => h("a", { href: toOne("workflows", id), title: id }, id) },
    {
      name: "description",
      title: "Description",
      class: "wide-only soft",
      cell: ({ description }) => h("span", { title: description }, description || "–"),
    },
    { name: "steps", title: "Steps", class: "wide-only number", cell: ({ steps }) => String(steps.length) },
    {
      name: "schedules",
      title: "Schedules",
      class: "wide-only number",
      cell: ({ id }) => later("schedules", id, ({ total }) => String(total)),
    },
    {
      name: "runs",
      title: "Runs",
      class: "wide-only number",
      cell: statistics(({ executions }) => executions.toLocaleString()),
    },
    { name: "rate", title: "Succeeded", class: "number", cell: statistics(({ successRate }) => percent(successRate)) },
    { name: "p50", title: "p50", class: "wide-only number", cell: statistics(({ p50 }) => duration(p50)) },
    { name: "p95", title: "p95", class: "number", cell: statistics(({ p95 }) => duration(p95)) },
  ];
}

const LOOKS = {
  statistics: (id, signal) => rest.get(`/api/workflows/${encodeURIComponent(id)}/statistics`, { days: DAYS }, signal),
  schedules: (id, signal) => rest.get("/api/schedules/summaries", { workflowId: id, limit: 1 }, signal),
};
