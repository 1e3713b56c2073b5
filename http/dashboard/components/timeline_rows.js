// The rows of a timeline as data: read from the server, then changed by events. Applying an event that a row has taken
// in already, or that was told in another order, changes nothing; so what was read and what is told may overlap.

const ENDS = {
  "workflow.completed": "succeeded",
  "workflow.failed": "failed",
  "workflow.cancelled": "cancelled",
  "workflow.timedOut": "timedOut",
};
const FINAL = new Set(["succeeded", "failed", "cancelled", "timedOut", "skipped"]);
const MOST = 500;
const CLOCKED = new Set(["cron", "interval", "at"]);
const instant = (iso) => (iso ? Date.parse(iso) : null);

/** An item of `GET /api/timeline` as a row, its instants in milliseconds. */
export function rowOf(item) {
  return {
    ...item,
    runs: item.runs.map(runOf),
    gaps: item.gaps.map(gapOf),
    coming: item.coming.map((iso) => Date.parse(iso)),
  };
}

function runOf(run) {
  return placed({ ...run, startedAt: instant(run.startedAt), endedAt: instant(run.endedAt),
    scheduledTime: instant(run.scheduledTime) });
}

function placed(run) {
  run.from = run.startedAt ?? run.endedAt ?? run.scheduledTime;
  run.to = FINAL.has(run.status) ? Math.max(run.from, run.endedAt ?? run.from) : null;
  return run;
}

function gapOf(gap) {
  const from = Date.parse(gap.scheduledTime);
  return { ...gap, from, to: instant(gap.through) ?? from };
}

/** Take an event into its row; whether that changed it. */
export function take(row, event) {
  const { type, data } = event;
  switch (type) {
    case "schedule.triggered":
      return decided(row, CLOCKED.has(data.trigger) ? data.scheduledTime : null) | triggered(row, event);
    case "workflow.started":
      return started(row, event);
    case "schedule.skipped":
      return decided(row, data.scheduledTime) | left(row, "skipped", data);
    case "schedule.missed":
      return decided(row, data.through ?? data.scheduledTime) | left(row, "missed", data);
    default:
      return type in ENDS ? ended(row, event) : false;
  }
}

/** Up to this instant it is decided what becomes of the coming ones. */
function decided(row, iso) {
  if (!iso) return false;
  const before = row.coming.length;
  const last = Date.parse(iso);
  row.coming = row.coming.filter((at) => at > last);
  return row.coming.length !== before;
}

function triggered(row, { executionId, data }) {
  if (row.runs.some((run) => run.id === executionId)) return false;
  add(row, { id: executionId, status: "queued", trigger: data.trigger, scheduledTime: instant(data.scheduledTime),
    startedAt: null, endedAt: null });
  return true;
}

function started(row, { executionId, timestamp, data }) {
  const known = row.runs.find((run) => run.id === executionId);
  if (known && (FINAL.has(known.status) || known.startedAt !== null)) return false;
  const change = { status: "running", startedAt: instant(timestamp) };
  if (known) placed(Object.assign(known, change));
  else add(row, { id: executionId, trigger: data.trigger, scheduledTime: instant(data.scheduledTime), endedAt: null,
    ...change });
  return true;
}

function ended(row, { type, executionId, timestamp, data }) {
  const known = row.runs.find((run) => run.id === executionId);
  if (known && FINAL.has(known.status)) return false;
  const endedAt = instant(timestamp);
  const change = { status: ENDS[type], endedAt };
  if (known) placed(Object.assign(known, change));
  else add(row, { id: executionId, trigger: null, scheduledTime: endedAt,
    startedAt: endedAt - (data.duration ?? 0) * 1000, ...change });
  return true;
}

function left(row, outcome, data) {
  if (row.gaps.some((gap) => gap.scheduledTime === data.scheduledTime && gap.outcome === outcome)) return false;
  row.gaps.push(gapOf({ through: null, instants: 1, blockedBy: null, ...data, outcome }));
  if (row.gaps.length > MOST) row.gaps.shift();
  return true;
}

function add(row, run) {
  row.runs.push(placed(run));
  if (row.runs.length > MOST) {
    row.runs.shift();
    row.runsTruncated = true;
  }
}
