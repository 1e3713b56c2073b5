// The token that somebody signed in with, kept for the session of this tab.

const NAME = "quarterjack.token";
const listeners = new Set();

/** The token's text, or "". */
export function token() {
  return sessionStorage.getItem(NAME) ?? "";
}

/** Use that one from now on. */
export function remember(text) {
  sessionStorage.setItem(NAME, text);
}

/** It is not valid (any more), or its bearer leaves. */
export function forget() {
  sessionStorage.removeItem(NAME);
  for (const listener of listeners) listener();
}

/** Call back when there is no valid token any more. */
export function onForgotten(listener) {
  listeners.add(listener);
}
