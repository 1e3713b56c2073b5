// Long lists that grow at their top while one reads: what is new is added, what has changed is shown, nothing jumps.

/** Read the newest page of a table again. `isFiltered`: what is known and has changed may not belong to it any more. */
export async function freshen(table, { load, key }) {
  const { items, nextCursor } = await load(null);
  const known = new Set(table.items.map(key));
  const fresh = items.filter((item) => !known.has(key(item)));
  if (fresh.length === items.length && known.size && nextCursor) {
    table.reload();
    return;
  }
  for (const item of items) if (known.has(key(item))) changeRow(table, key(item), item);
  for (const item of fresh.reverse()) table.prepend(item);
}

/** Show an item anew if it is another one than before; the focus stays where it is in its row. */
export function changeRow(table, key, item) {
  table.change(key, (before) =>
    JSON.stringify(before) === JSON.stringify(item) ? before : withFocus(table, key, item),
  );
}

const INPUTS = "a, button, input";

function withFocus(table, key, item) {
  const row = document.activeElement?.closest(".vt-row");
  if (row?.dataset.key !== key || !table.contains(row)) return item;
  const place = [...row.querySelectorAll(INPUTS)].indexOf(document.activeElement);
  queueMicrotask(() => row.isConnected && row.querySelectorAll(INPUTS)[place]?.focus({ preventScroll: true }));
  return item;
}

/** The first and the first later instant of a day in UTC, for `since` and `until`; of none: nothing. */
export function rangeOf(day) {
  if (!/^\d{4}-\d\d-\d\d$/.test(day ?? "")) return {};
  const since = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(since.getTime())) return {};
  return { since: since.toISOString(), until: new Date(since.getTime() + 86_400_000).toISOString() };
}
