// Who looks at the page, and what is offered to him.

import { rest } from "./rest.js";

const RANKS = ["viewer", "operator", "admin"];

/** `{role, tokenName, workflows, tokensNeeded, version}` as the server says; null until it did. */
export let session = null;

/** Ask the server. Throws a `Problem`, with 401 where a token is needed. */
export async function beginSession() {
  session = await rest.get("/api/session");
  return session;
}

/** Whether the viewer may do what needs that role: `can("operator")`. */
export function can(role) {
  return session !== null && RANKS.indexOf(session.role) >= RANKS.indexOf(role);
}
