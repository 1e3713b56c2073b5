// The bar with the pages, how the stream is, and who is signed in.

import { fill, h, say } from "./dom.js";
import { eachSecond } from "./clock.js";
import { forget } from "./credentials.js";
import { onStream, reconnectNow, stream } from "./live.js";
import { place } from "./router.js";
import { session } from "./session.js";
import { icon } from "./components/icons.js";
import { themeButton } from "./theme.js";

const PAGES = [
  ["/", "Overview", "overview"],
  ["/schedules", "Schedules", "schedule"],
  ["/executions", "Executions", "execution"],
  ["/workflows", "Workflows", "workflow"],
  ["/actors", "Actors", "actors"],
  ["/events", "Events", "events"],
];
const STREAM_WORDS = { off: "Not connected", connecting: "Connecting …", open: "Live", lost: "Connection lost" };

let links = null;

/** Make the bar at the first call; mark the page that is shown at each. */
export function showSide() {
  links ??= build();
  const { path } = place();
  for (const [prefix, link] of links) {
    const isHere = prefix === "/" ? path === "/" : path === prefix || path.startsWith(`${prefix}/`);
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function build() {
  const found = new Map();
  const items = PAGES.map(([path, name, picture]) => {
    const link = h("a", { href: `#${path}` }, icon(picture), h("span", {}, name));
    found.set(path, link);
    return h("li", {}, link);
  });
  const brand = h("a", { class: "brand", href: "#/" },
    h("img", { src: "dashboard/icon.svg", alt: "", width: 28, height: 28 }), h("span", {}, "Quarterjack"));
  fill(document.getElementById("side"), brand,
    h("nav", { "aria-label": "Pages" }, h("ul", {}, items)),
    h("div", { class: "side-foot" }, streamState(), who(), themeButton()));
  return found;
}

function streamState() {
  const text = h("span", {});
  const button = h("button", { class: "link", type: "button", on: { click: reconnectNow } }, "Try now");
  const element = h("div", { class: "stream", role: "status" }, h("span", { class: "dot" }), text, button);
  const refresh = () => {
    element.dataset.state = stream.state;
    button.hidden = stream.state !== "lost";
    const wait = stream.retryAt === null ? 0 : Math.max(0, Math.ceil((stream.retryAt - Date.now()) / 1000));
    say(text, STREAM_WORDS[stream.state]);
    button.title = wait ? `The next try is in ${wait} s` : "";
  };
  onStream(refresh);
  eachSecond(refresh);
  return element;
}

function who() {
  if (!session.tokensNeeded) return h("div", { class: "who" }, "Local, without a token");
  return h("div", { class: "who" },
    h("span", { title: `Role: ${session.role}` }, `${session.tokenName ?? "Token"} · ${session.role}`),
    h("button", { class: "link", type: "button", on: { click: forget } }, "Sign out"));
}
