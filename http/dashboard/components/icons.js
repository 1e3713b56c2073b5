// Small pictures, drawn in the colour of the text; never the only sign of something.

import { s } from "../dom.js";

const PATHS = {
  overview: "M3 12h4l2-7 4 14 3-9 1 2h4",
  schedule: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  execution: "M7 4.5v15l12-7.5z",
  workflow: "M5 4h5v5H5zM14 15h5v5h-5zM7.500 9v8.500H14M10 6.500h6.500V15",
  actors: "M12 3v5M12 8H6v4M12 8h6v4M12 8v4M4 12h4v4H4zM10 12h4v4h-4zM16 12h4v4h-4z",
  events: "M4 6h16M4 12h10M4 18h13",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  dark: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z",
  ok: "M5 12.500l4.500 4.500L19 7.500",
  failed: "M6 6l12 12M18 6L6 18",
  timeout: "M12 8v5l3 2M12 21a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM10 2h4",
  running: "M12 3a9 9 0 1 1-9 9",
  waiting: "M7 4h10M7 20h10M8 4c0 4 3 5.500 4 8 1-2.500 4-4 4-8M8 20c0-4 3-5.500 4-8 1 2.500 4 4 4 8",
  queued: "M5 7h14M5 12h14M5 17h14",
  cancelled: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM6 6l12 12",
  skipped: "M5 5l8 7-8 7zM17 5v14",
  missed: "M12 4l9 16H3zM12 10v5M12 17.500v.5",
  paused: "M8 5v14M16 5v14",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500v15l12-7.500z",
  disabled: "M5 12h14",
  finished: "M5 21V4h13l-3 4 3 4H5",
  warning: "M12 4l9 16H3zM12 10v5M12 17.500v.5",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500L21 21",
  retry: "M4 12a8 8 0 1 1 2.500 5.800M4 20v-5h5",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  next: "M9 5l7 7-7 7",
};

/** A picture by its name; hidden from screen readers, since a text stands beside it. */
export function icon(name) {
  return s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    s("path", { d: PATHS[name] ?? PATHS.disabled }));
}
