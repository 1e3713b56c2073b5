// Keeps a table of executions as it is now: what events tell changes rows in place, new executions come to the top.

import { follow } from "./live.js";
import { rest } from "./rest.js";
import { newestFirst } from "./execution_columns.js";
import { isWanted } from "./execution_filter.js";
import { ENDED } from "./execution_words.js";

const PAUSE = 500;
const PAGE = 100;
const MOST_PAGES = 5;
const MOST_SINGLE = 8;
const TOPICS = [
  "schedule:triggered",
  "workflow:started",
  "workflow:completed",
  "workflow:failed",
  "workflow:cancelled",
  "workflow:timedOut",
  "workflow:step:started",
  "workflow:step:completed",
];
const BECOMES = {
  "workflow.started": "running",
  "workflow.completed": "succeeded",
  "workflow.failed": "failed",
  "workflow.cancelled": "cancelled",
  "workflow.timedOut": "timedOut",
};

/** Keep `table` so, as long as `signal` lets it; `query()` gives what is asked of the interface. */
export function keepUp(table, query, signal) {
  const open = new Set();
  let isAll = false;
  let timer = null;
  const soon = () => (timer ??= setTimeout(look, PAUSE));
  const look = async () => {
    const ids = [...open];
    open.clear();
    try {
      if (isAll) await table.reload();
      else await bringUp(table, query(), ids, signal);
      isAll = false;
    } catch {
      isAll = true; // the next event has it read again
    } finally {
      timer = null;
      if ((open.size || isAll) && !signal.aborted) soon();
    }
  };
  const heard = (event) => {
    apply(table, event);
    if (isNothing(table, event, query())) return;
    open.add(event.executionId);
    soon();
  };
  const gap = () => {
    isAll = true;
    soon();
  };
  const { scheduleId, workflowId } = query();
  const key = scheduleId || workflowId || undefined;
  for (const topic of TOPICS) follow({ topic, key, event: heard, gap, begun: gap }, signal);
  signal.addEventListener("abort", () => clearTimeout(timer));
}

/** What the event says by itself; the rest is read. */
function apply(table, { type, executionId, timestamp, data }) {
  const status = BECOMES[type];
  if (!status) return;
  table.change(executionId, (item) => {
    if (ENDED.has(item.status)) return item;
    if (status === "running") return { ...item, status, startedAt: item.startedAt ?? timestamp };
    return { ...item, status, endedAt: timestamp, duration: data.duration ?? item.duration };
  });
}

/** Whether an event changes nothing here: its row has ended, or its execution is not shown and won't be. */
function isNothing(table, { type, executionId }, { status }) {
  const item = table.find(executionId);
  if (type.startsWith("workflow.step")) return item === undefined ? status !== "waiting" : ENDED.has(item.status);
  return item === undefined && Boolean(status) && type in BECOMES && BECOMES[type] !== status;
}

/** The newest pages until what is known begins, and those others of `ids` one by one. */
async function bringUp(table, query, ids, signal) {
  const missing = new Set(ids);
  let cursor = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, nextCursor } = await rest.get("/api/executions", { ...query, limit: PAGE, cursor }, signal);
    const meets = items.some(({ id }) => table.find(id) !== undefined);
    table.merge(items, newestFirst);
    for (const { id } of items) missing.delete(id);
    cursor = nextCursor;
    if (meets || cursor === null) break;
    if (page === MOST_PAGES - 1) return table.reload();
  }
  for (const id of [...missing].slice(0, MOST_SINGLE)) await bringUpOne(table, id, query, signal);
  for (const id of [...missing].slice(MOST_SINGLE)) dropUnwanted(table, id, query);
  return undefined;
}

async function bringUpOne(table, id, query, signal) {
  const last = table.items.at(-1);
  if (table.find(id) === undefined && !isPossible(query)) return;
  const { steps, ...item } = await rest.get(`/api/executions/${encodeURIComponent(id)}`, {}, signal);
  if (!isWanted(item, query)) table.remove(id);
  else if (table.find(id) !== undefined || !last || newestFirst(item, last) < 0) table.merge([item], newestFirst);
}

/** Whether an older execution can come to be wanted: by its state. */
function isPossible({ status }) {
  return Boolean(status);
}

function dropUnwanted(table, id, query) {
  const item = table.find(id);
  if (item !== undefined && !isWanted(item, query)) table.remove(id);
}
