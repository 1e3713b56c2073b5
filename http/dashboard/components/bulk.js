// Runs one action for several things, a few at a time, and says what came of it.

import { toast } from "./toast.js";

const AT_ONCE = 6;

/** `each(item)` for all; a note with how many were done, and one with the first failure. */
export async function forAll(items, verb, each) {
  const waiting = [...items];
  const failures = [];
  let done = 0;
  const work = async () => {
    while (waiting.length) {
      const item = waiting.shift();
      try {
        await each(item);
        done += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (done) toast(`${verb}: ${done} of ${items.length}`);
  if (failures.length) toast(`${failures.length} refused: ${failures[0].message}`, { kind: "bad" });
}
