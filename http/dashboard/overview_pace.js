// Reading again because of events: soon after the first of them, but not with each.

/** A function that has `read` called `pause` ms after it is called, and at most once in `least` ms. */
export function paced(read, signal, { pause = 300, least = 1500 } = {}) {
  let timer = null;
  let earliest = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    if (timer !== null || signal.aborted) return;
    const wait = Math.max(pause, earliest - performance.now());
    timer = setTimeout(() => {
      timer = null;
      earliest = performance.now() + least;
      read();
    }, wait);
  };
}
