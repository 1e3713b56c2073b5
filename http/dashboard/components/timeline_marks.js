// What a row of a timeline shows, as marks with places in pixels. Pure: data in, marks out. What would lie too close
// together becomes one mark, so a row has no more of them than the screen can tell apart, however often it fires.

const LEAST = 4;
const CELL = 6;
const HOLLOW = 9;
const HATCHED = 7;
const LATE = 5_000;
const BAD = new Set(["failed", "timedOut"]);

/** Where instants lie: `x(milliseconds)` in pixels, from `since` at 0 to `until` at `width`. */
export function scaleOf(since, until, width) {
  return { since, until, width, x: (at) => ((at - since) / (until - since)) * width };
}

/**
 * The marks of `row` (`{runs, gaps, coming, runsTruncated, comingTruncated}`, instants as `from`/`to` in milliseconds):
 * `{key, kind, x, width, …what it stands for}`. Kinds: `run`, `band` (several runs), `gap`, `coming`, `rest`.
 */
export function marksOf(row, scale, now) {
  return [...restsOf(row, scale), ...gapMarks(row.gaps, scale), ...runMarks(row.runs, scale, now),
    ...comingMarks(row.coming, scale, now)].sort((one, other) => one.x - other.x);
}

function runMarks(runs, scale, now) {
  const ended = [];
  const going = [];
  for (const run of runs) {
    const x = scale.x(run.from);
    const end = Math.max(x + LEAST, scale.x(run.to ?? (run.status === "queued" ? run.from : now)));
    if (end < 0 || x > scale.width) continue;
    (run.to === null ? going : ended).push({ run, x: Math.max(0, x), end: Math.min(scale.width, end) });
  }
  const marks = clusters(ended).flatMap((some) => (some.length === 1 ? [one(some[0])] : bands(some)));
  return [...marks, ...going.map(one)];
}

function one({ run, x, end }) {
  return { key: run.id, kind: "run", x, width: Math.max(LEAST, end - x), run };
}

/** Those that touch each other on the screen, together. */
function clusters(places) {
  const found = [];
  let end = -Infinity;
  for (const place of places.sort((a, b) => a.x - b.x)) {
    if (place.x > end + 1) found.push([]);
    found.at(-1).push(place);
    end = Math.max(end, place.end);
  }
  return found;
}

/** Runs that touch, as a band: cut where the share of those that failed changes, so that a failure stays in sight. */
function bands(places) {
  const cells = new Map();
  for (const place of places) {
    const cell = Math.floor(place.x / CELL);
    if (!cells.has(cell)) cells.set(cell, []);
    cells.get(cell).push(place);
  }
  const parts = [];
  for (const some of cells.values()) {
    const look = lookOf(some.map(({ run }) => run));
    const last = parts.at(-1);
    if (last && last.look.share === look.share && last.look.status === look.status) last.places.push(...some);
    else parts.push({ look, places: some });
  }
  return parts.map(({ look, places: some }, index) => {
    const x = some[0].x;
    const next = parts[index + 1]?.places[0].x ?? Infinity;
    const end = Math.min(next, Math.max(...some.map((place) => place.end)));
    if (some.length === 1) return one({ ...some[0], end });
    return { key: `band ${some[0].run.id}`, kind: "band", x, width: Math.max(2, end - x),
      runs: some.map(({ run }) => run), ...look };
  });
}

/** How runs together look: the share that failed in quarters, and the status that colours the others. */
function lookOf(runs) {
  const failed = runs.filter((run) => BAD.has(run.status)).length;
  const isPlain = runs.some((run) => run.status === "succeeded");
  const share = Math.ceil((failed / runs.length) * 4) / 4;
  return { share, status: isPlain ? "succeeded" : failed ? "failed" : "cancelled" };
}

function gapMarks(gaps, scale) {
  const places = [];
  for (const gap of gaps) {
    const x = scale.x(gap.from);
    const end = Math.max(x + HATCHED, scale.x(gap.to));
    if (end >= 0 && x <= scale.width) places.push({ gap, x: Math.max(0, x), end: Math.min(scale.width, end) });
  }
  return clusters(places).map((some) => {
    const found = some.map(({ gap }) => gap);
    const outcome = found.some((gap) => gap.outcome === "missed") ? "missed" : "skipped";
    const end = Math.max(...some.map((place) => place.end));
    return { key: `gap ${found[0].scheduledTime}`, kind: "gap", x: some[0].x, width: end - some[0].x, gaps: found,
      outcome };
  });
}

function comingMarks(coming, scale, now) {
  const found = [];
  for (const at of coming) {
    const x = scale.x(at);
    if (x + HOLLOW < 0 || x > scale.width - 2) continue;
    const isLate = at < now - LATE;
    const last = found.at(-1);
    if (last && last.isLate === isLate && x < last.x + last.width + 2) {
      last.width = x + HOLLOW - last.x;
      last.instants.push(at);
    } else {
      found.push({ key: `coming ${at}`, kind: "coming", x, width: HOLLOW, instants: [at], isLate });
    }
  }
  for (const mark of found) mark.width = Math.min(mark.width, scale.width - mark.x);
  return found;
}

/** Where more is than was told: before the first run, and after the last coming fire. */
function restsOf(row, scale) {
  const found = [];
  if (row.runsTruncated && row.runs.length) {
    const end = scale.x(Math.min(...row.runs.map((run) => run.from)));
    if (end > LEAST) found.push({ key: "rest before", kind: "rest", x: 0, width: end - 2, isPast: true });
  }
  if (row.comingTruncated && row.coming.length) {
    const x = scale.x(row.coming.at(-1)) + HOLLOW + 2;
    const width = scale.width - x;
    if (width > LEAST) found.push({ key: "rest after", kind: "rest", x, width, isPast: false });
  }
  return found;
}
