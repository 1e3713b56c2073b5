// The supervision tree as rows: parents before children, folded where one wants, filtered with the way up kept.

const SHOWN_CHILDREN = 200;
const FOLDED_FROM = 50;

/** Keeps actors by path, and gives the rows that are to be seen. */
export class ActorTree {
  constructor() {
    this.actors = new Map();
    this.folded = new Map();
    this.wide = new Set();
  }

  /** Take what the server says; gives what was restarted or is gone by it: `[{actor, what}]`. */
  take({ reset, items, gone = [] }) {
    const changes = [];
    if (reset) this.actors.clear();
    for (const actor of items) {
      const before = this.actors.get(actor.path);
      if (before && actor.restarts > before.restarts) changes.push({ actor, what: "restarted" });
      this.actors.set(actor.path, actor);
    }
    for (const path of gone) this.actors.delete(path);
    return changes;
  }

  /** Sums over all: actors, messages a second, waiting, restarts. */
  get totals() {
    const found = { actors: 0, rate: 0, waiting: 0, restarts: 0 };
    for (const actor of this.actors.values()) {
      found.actors += 1;
      found.rate += actor.handledPerSecond ?? 0;
      found.waiting += actor.mailboxDepth;
      found.restarts += actor.restarts;
    }
    return found;
  }

  /** Whether the children of an actor are hidden; many are at first. */
  isFolded(path, count) {
    return this.folded.get(path) ?? count > FOLDED_FROM;
  }

  /** The rows to be seen: `{actor, depth, children, folded}` or `{more, parent, depth}`. */
  rows({ text = "", trouble = false }) {
    const children = this.childrenOf();
    const wanted = text || trouble ? this.wanted(text.toLowerCase(), trouble) : null;
    const found = [];
    const walk = (path, depth) => {
      const below = (children.get(path) ?? []).filter((actor) => !wanted || wanted.has(actor.path));
      const most = this.wide.has(path) ? below.length : SHOWN_CHILDREN;
      for (const actor of below.slice(0, most)) {
        const count = children.get(actor.path)?.length ?? 0;
        const folded = !wanted && count > 0 && this.isFolded(actor.path, count);
        found.push({ actor, depth, children: count, folded });
        if (!folded) walk(actor.path, depth + 1);
      }
      if (below.length > most) found.push({ more: below.length - most, parent: path, depth });
    };
    walk(null, 0);
    return found;
  }

  childrenOf() {
    const found = new Map();
    for (const actor of this.actors.values()) {
      const parent = this.actors.has(actor.parent) ? actor.parent : null;
      if (!found.has(parent)) found.set(parent, []);
      found.get(parent).push(actor);
    }
    return found;
  }

  /** The paths of those that are looked for, and of all above them. */
  wanted(text, trouble) {
    const found = new Set();
    for (const actor of this.actors.values()) {
      const isNamed = !text || actor.path.toLowerCase().includes(text) || actor.kind.toLowerCase().includes(text);
      if (!isNamed || (trouble && !hasTrouble(actor))) continue;
      for (let each = actor; each && !found.has(each.path); each = this.actors.get(each.parent)) found.add(each.path);
    }
    return found;
  }
}

/** Whether somebody should look at it. */
export function hasTrouble(actor) {
  return actor.restarts > 0 || actor.lastError !== null || actor.state !== "running";
}
