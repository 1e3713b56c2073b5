// One WebSocket for the page. Subscriptions survive a lost connection: they resume after the last event that came.

import { address } from "./rest.js";
import { forget, token } from "./credentials.js";
import { setClock } from "./clock.js";

const PROTOCOL = "quarterjack.v1.json";
const UNAUTHORIZED = 4401;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const PING_EACH = 20_000;
const SILENCE = 45_000;

const subscriptions = new Map();
const watchers = new Set();
let socket = null;
let pause = FIRST_PAUSE;
let timer = null;
let heard = 0;
let last = 0;

/** How the stream is: `off`, `connecting`, `open` or `lost`, and until when it waits before it tries again. */
export const stream = { state: "off", retryAt: null };

/** Call back when the stream's state changes, and now. */
export function onStream(callback, signal) {
  watchers.add(callback);
  signal?.addEventListener("abort", () => watchers.delete(callback));
  callback(stream);
}

/**
 * Have `event` called with each event of a topic from now on, or after a sequence number. `gap` is called when some
 * could not be told (they are deleted, or the database is another one): what is shown is to be read again. `begun` is
 * called once, when events are told from there on: what was read before may be older.
 * Ends when `signal` aborts.
 */
export function follow({ topic, key, after, event, gap = () => {}, begun = () => {} }, signal) {
  return add({ topic, key, position: after ?? null, event, gap, begun }, signal);
}

/** Have `state` called with what the server says of `server`, `actors` or (with a `key`) `logs`, as often as it does. */
export function watch(topic, state, signal, refused = () => {}, key = null) {
  return add({ topic, key, state, gap: refused, begun: () => {} }, signal);
}

/** Begin to listen. */
export function openStream() {
  if (socket === null && timer === null) connect();
}

/** End it, without trying again. */
export function closeStream() {
  clearTimeout(timer);
  timer = null;
  socket?.close();
  socket = null;
  setState("off");
}

function add(subscription, signal) {
  if (signal?.aborted) return () => {};
  const id = String(++last);
  subscriptions.set(id, subscription);
  if (stream.state === "open") subscribe(id, subscription);
  const end = () => {
    if (subscriptions.delete(id) && stream.state === "open") send({ op: "unsubscribe", id });
  };
  signal?.addEventListener("abort", end);
  return end;
}

function subscribe(id, { topic, key, position }) {
  const frame = { op: "subscribe", id, topic };
  if (key) frame.key = key;
  if (position !== null && position !== undefined) frame.after = position;
  send(frame);
}

function send(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function connect() {
  timer = null;
  setState("connecting");
  const target = address("/api/ws");
  target.protocol = target.protocol.replace("http", "ws");
  const opened = new WebSocket(target, PROTOCOL);
  socket = opened;
  heard = Date.now();
  opened.addEventListener("open", () => {
    if (token()) send({ op: "auth", token: token() });
    else begin();
  });
  opened.addEventListener("message", ({ data }) => {
    heard = Date.now();
    obey(JSON.parse(data));
  });
  opened.addEventListener("close", ({ code }) => {
    if (socket !== opened) return;
    socket = null;
    if (code === UNAUTHORIZED) {
      setState("off");
      forget();
    } else {
      again();
    }
  });
}

function begin() {
  pause = FIRST_PAUSE;
  setState("open");
  for (const [id, subscription] of subscriptions) subscribe(id, subscription);
}

function again() {
  const wait = pause * (0.75 + Math.random() / 2);
  pause = Math.min(pause * 2, LONGEST_PAUSE);
  timer = setTimeout(connect, wait);
  setState("lost", Date.now() + wait);
}

function obey(frame) {
  switch (frame.op) {
    case "authenticated":
      begin();
      break;
    case "subscribed":
      subscribed(frame);
      break;
    case "event":
      for (const id of frame.ids) told(subscriptions.get(id), frame);
      break;
    case "state":
      if (frame.data.now) setClock(frame.data.now);
      for (const id of frame.ids) subscriptions.get(id)?.state?.(frame.data);
      break;
    case "lagged":
      for (const [id, each] of subscriptions) {
        if (each.event) each.position = frame.seq;
        subscribe(id, each);
      }
      break;
    case "error":
      refused(frame);
      break;
  }
}

function subscribed({ id, seq }) {
  const subscription = subscriptions.get(id);
  if (subscription === undefined || !subscription.event) return;
  subscription.position ??= seq;
  if (subscription.isBegun) return;
  subscription.isBegun = true;
  subscription.begun(seq);
}

function told(subscription, event) {
  if (!subscription || (subscription.position !== null && event.seq <= subscription.position)) return;
  subscription.position = event.seq;
  subscription.event(event);
}

function refused({ id, code, detail }) {
  const subscription = subscriptions.get(id);
  if (subscription === undefined) return;
  if (code === "gone" || code === "ahead") {
    subscription.position = null;
    subscribe(id, subscription);
    subscription.gap({ code, detail });
  } else if (code === "unavailable") {
    setTimeout(() => subscriptions.has(id) && subscribe(id, subscription), LONGEST_PAUSE / 5);
  } else {
    subscriptions.delete(id);
    subscription.gap({ code, detail });
  }
}

function setState(state, retryAt = null) {
  stream.state = state;
  stream.retryAt = retryAt;
  for (const watcher of watchers) watcher(stream);
}

/** Try now what would be tried later. */
export function reconnectNow() {
  if (timer === null) return;
  clearTimeout(timer);
  pause = FIRST_PAUSE;
  connect();
}

window.addEventListener("online", reconnectNow);
document.addEventListener("visibilitychange", () => document.hidden || reconnectNow());
setInterval(() => {
  if (stream.state !== "open") return;
  if (Date.now() - heard > SILENCE) socket.close();
  else send({ op: "ping" });
}, PING_EACH);
