// Where to scroll so that something can be seen. Pure.

const ROOM = 12;

/** The place nearest to the one now from which `begin` to `begin + length` lies within `size`, with a bit of room. */
export function nearest(now, begin, length, size) {
  if (begin - ROOM < now) return Math.max(0, begin - ROOM);
  if (begin + length + ROOM > now + size) return begin + length + ROOM - size;
  return now;
}
