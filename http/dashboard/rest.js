// The REST interface: JSON in, JSON out, problems as errors. Addresses are relative, so a path prefix holds.

import { forget, token } from "./credentials.js";

/** What the server answered instead (RFC 9457), or that it did not. */
export class Problem extends Error {
  constructor(status, { title = "", detail = "", errors = [] } = {}) {
    super(detail || title || `The server answered ${status}.`);
    this.status = status;
    this.title = title;
    this.errors = errors;
  }

  /** Each wrong field and why, or the sentence. */
  get sentences() {
    if (!this.errors.length) return [this.message];
    return this.errors.map(({ loc, msg }) => (loc.length ? `${loc.join(".")}: ${msg}` : msg));
  }

  /** What is wrong with a field, by its name: `{"scheduleConfig.cron": "…"}`. */
  get fields() {
    return Object.fromEntries(this.errors.map(({ loc, msg }) => [loc.join("."), msg]));
  }
}

/** The address of a path of the server, with a query; null, undefined and "" are left out. */
export function address(path, query = {}) {
  const found = new URL(path.replace(/^\//, ""), document.baseURI.replace(/#.*/, ""));
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") found.searchParams.set(name, value);
  }
  return found;
}

async function ask(method, path, { query, body, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (token()) sent.Authorization = `Bearer ${token()}`;
  if (body !== undefined) sent["Content-Type"] ??= "application/json";
  let answer;
  try {
    answer = await fetch(address(path, query), {
      method,
      headers: sent,
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "No connection", detail: "The server can't be reached. Is it running?" });
  }
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  const found = isJson ? await answer.json() : await answer.text();
  if (answer.ok) return { found, etag: answer.headers.get("ETag") };
  if (answer.status === 401) forget();
  throw new Problem(answer.status, isJson ? found : {});
}

const given = (query, signal) => ({ query, signal });

export const rest = {
  /** What is there. */
  get: async (path, query, signal) => (await ask("GET", path, given(query, signal))).found,
  /** The same with its `etag`, for `put`. */
  getWithTag: (path, signal) => ask("GET", path, { signal }),
  /** Have something done. What starts work gets a key, so that a repetition does not start it twice. */
  post: async (path, body = {}, { key, query, signal } = {}) =>
    (await ask("POST", path, { body, query, signal, headers: key ? { "Idempotency-Key": key } : {} })).found,
  /** Change it, if it is still as it was when its tag was read. */
  put: async (path, body, etag) =>
    (await ask("PUT", path, { body, headers: etag ? { "If-Match": etag } : {} })).found,
  delete: async (path, query) => (await ask("DELETE", path, { query })).found,
};

/** A key for one press of a button. */
export function newKey() {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16)).join("");
}
