// The names of schedules by their ids: asked for together, once, and kept.

import { h, say } from "./dom.js";
import { rest } from "./rest.js";
import { toOne } from "./router.js";

const MOST = 100;
const names = new Map();
let wanted = new Map();

/** The name of a schedule, or the promise of it; null: there is none any more. Asked for together in one request. */
export function scheduleName(id) {
  if (names.has(id)) return names.get(id);
  if (!wanted.size) queueMicrotask(look);
  const promise = new Promise((resolve) => wanted.set(id, resolve));
  names.set(id, promise);
  return promise;
}

/** A link to a schedule by its name; until that is known, and where it is deleted, by its id. */
export function scheduleLink(id) {
  if (!id) return h("span", { class: "none" }, "–");
  const link = h("a", { href: toOne("schedules", id), title: id }, "…");
  const show = (name) => {
    say(link, name ?? id);
    if (name) link.title = `${name} · ${id}`;
  };
  const known = scheduleName(id);
  if (known instanceof Promise) known.then(show);
  else show(known);
  return link;
}

async function look() {
  const asked = wanted;
  wanted = new Map();
  const ids = [...asked.keys()];
  for (let begin = 0; begin < ids.length; begin += MOST) {
    const some = ids.slice(begin, begin + MOST);
    try {
      const { items } = await rest.get("/api/schedules/summaries", { ids: some.join(","), limit: MOST });
      const found = new Map(items.map(({ scheduleId, name }) => [scheduleId, name]));
      for (const id of some) names.set(id, found.get(id) ?? null);
    } catch {
      for (const id of some) names.delete(id); // asked again the next time
    }
    for (const id of some) asked.get(id)(names.get(id) ?? null);
  }
}
