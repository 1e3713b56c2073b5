// The server's clock, and a beat each second for what counts up or down on the page.

let ahead = 0;
const beats = new Set();

/** Note what the clock of the server shows now. */
export function setClock(instant) {
  ahead = new Date(instant).getTime() - Date.now();
}

/** The server's time, in milliseconds since 1970. */
export function now() {
  return Date.now() + ahead;
}

/** Call back each second until `signal` aborts, and once at once. */
export function eachSecond(callback, signal) {
  beats.add(callback);
  signal?.addEventListener("abort", () => beats.delete(callback));
  callback();
}

setInterval(() => {
  if (document.hidden) return;
  for (const beat of beats) beat();
}, 1000);
