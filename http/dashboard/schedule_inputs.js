// The inputs of a schedule's form, and what is said at each of them.

import { fill, h } from "./dom.js";
import { rest } from "./rest.js";
import { FIELDS, isFor, KINDS } from "./schedule_fields.js";
import { CATCH_UPS, OVERLAPS } from "./schedule_words.js";

let count = 0;

/**
 * The inputs with `texts` in them. Gives `nodes`, `texts()`, `say(name, message)` for what is wrong with a field,
 * `clear()`, `focusWrong()`, `showKind()`, `merge(before, theirs)`, and `checkPlace`, where what the rule means is to
 * stand.
 */
export function formParts(texts, { changed }) {
  const id = `schedule-${++count}`;
  const fields = new Map();
  const add = (name, label, input, hint) => {
    const made = fieldOf(`${id}-${name}`, name, label, input, hint);
    fields.set(name, made);
    return made.element;
  };
  const kinds = KINDS.map(([value, words]) =>
    h(
      "label",
      { class: "kind" },
      h("input", { type: "radio", name: `${id}-kind`, value, checked: value === texts.kind }),
      h("span", {}, words),
    ),
  );
  const kindNow = () => kinds.map((each) => each.firstElementChild).find((each) => each.checked)?.value;
  const checkPlace = h("div", {});
  const nodes = h(
    "div",
    { class: "schedule-form", on: { input: changed, change: changed } },
    whatParts(add, texts),
    whenParts(add, kinds, checkPlace, id),
    meetParts(add),
    add("params", "Parameters, as JSON", h("textarea", { rows: 3, spellcheck: "false", placeholder: "{}" }), ""),
    limitParts(add),
    aboutParts(add),
  );
  for (const [name, { input }] of fields) write(input, texts[name]);

  return {
    nodes,
    checkPlace,
    texts: () => ({
      kind: kindNow(),
      ...Object.fromEntries([...fields].map(([name, { input }]) => [name, readOf(input)])),
    }),
    say: (name, message) => fields.get(name)?.say(message),
    clear: () => [...fields.values()].forEach((each) => each.say("")),
    focusWrong: () => {
      const wrong = nodes.querySelector("[aria-invalid='true']");
      wrong?.closest("details")?.setAttribute("open", "");
      wrong?.focus();
    },
    showKind: () => {
      for (const [name, { element }] of fields) element.hidden = !isFor(name, kindNow());
    },
    merge: (before, theirs) => merge({ fields, kinds, kindNow, before, theirs }),
  };
}

/**
 * Take theirs where nothing was changed here; say theirs below the others. Gives the names of those that both
 * changed.
 */
function merge({ fields, kinds, kindNow, before, theirs }) {
  const both = [];
  for (const [name, each] of fields) {
    const mine = readOf(each.input);
    const isTheirs = theirs[name] !== before[name];
    if (mine === before[name]) write(each.input, theirs[name]);
    else if (isTheirs && mine !== theirs[name]) both.push(name);
    each.note(both.includes(name) ? `They wrote: ${theirs[name] || "nothing"}` : "");
  }
  if (kindNow() === before.kind)
    for (const each of kinds) each.firstElementChild.checked = each.firstElementChild.value === theirs.kind;
  return both;
}

function whatParts(add, texts) {
  return [
    h(
      "div",
      { class: "pair" },
      add("workflowId", "Workflow", workflowSelect(texts.workflowId)),
      add("name", "Name", h("input", { type: "text", maxlength: 200, autocomplete: "off" })),
    ),
  ];
}

function whenParts(add, kinds, checkPlace, id) {
  return h(
    "fieldset",
    { class: "when" },
    h("legend", {}, "When it fires"),
    h("div", { class: "kinds" }, kinds),
    h(
      "div",
      { class: "pair" },
      h(
        "div",
        { class: "stack" },
        add(
          "cron",
          "Cron expression",
          h("textarea", { rows: 2, class: "short", spellcheck: "false", placeholder: "0 3 * * *" }),
          "Several, one on each line, are due whenever one of them is.",
        ),
        add(
          "interval",
          "Every",
          h("input", { type: "text", placeholder: "15m", spellcheck: "false" }),
          "Such as 30s, 15m, 2h, 1d.",
        ),
        add(
          "anchor",
          "Counted from",
          h("input", { type: "datetime-local", step: 1 }),
          "On your clock. Empty: from its first day, or from its creation.",
        ),
        add("when", "At", h("input", { type: "datetime-local", step: 1 }), "On your clock."),
        add(
          "event",
          "Name of the event",
          h("input", { type: "text", spellcheck: "false", placeholder: "file.arrived" }),
        ),
        add(
          "eventFilter",
          "Only if the payload has, as JSON",
          h("textarea", { rows: 2, spellcheck: "false", placeholder: '{"region": "eu"}' }),
        ),
        add(
          "timezone",
          "Time zone",
          h("input", { type: "text", list: `${id}-zones`, spellcheck: "false", autocomplete: "off" }),
        ),
        h(
          "datalist",
          { id: `${id}-zones` },
          zones().map((value) => h("option", { value })),
        ),
      ),
      checkPlace,
    ),
  );
}

function meetParts(add) {
  return h(
    "div",
    { class: "pair" },
    add("overlap", "If one still runs when it is due", h("select", {}, options(OVERLAPS))),
    add("catchUp", "If it could not fire (down time, a pause)", h("select", {}, options(CATCH_UPS))),
  );
}

function limitParts(add) {
  return [
    h(
      "details",
      { class: "more" },
      h("summary", {}, "First and last day, days off, spreading"),
      h(
        "div",
        { class: "pair" },
        add("startAt", "Not before", h("input", { type: "datetime-local", step: 1 }), "On your clock."),
        add("endAt", "Until", h("input", { type: "datetime-local", step: 1 }), "On your clock."),
        add("maxRuns", "At most so many runs", h("input", { type: "number", min: 1 })),
        add(
          "jitter",
          "Spread by up to",
          h("input", { type: "text", placeholder: "30s" }),
          "Each fires up to so much later.",
        ),
        add(
          "catchUpWindow",
          "Catch up at most",
          h("input", { type: "text", placeholder: "one period, at most 1h" }),
          "How far back.",
        ),
        add(
          "exclude",
          "Days off",
          h("textarea", { rows: 2, class: "short", spellcheck: "false", placeholder: "2026-12-24/2026-12-26" }),
          "A day, a range of days or calendar:NAME on each line.",
        ),
      ),
    ),
    h(
      "details",
      { class: "more" },
      h("summary", {}, "Priority, limits and retries"),
      h(
        "div",
        { class: "pair" },
        add("priority", "Priority", h("input", { type: "number", min: 0, max: 9 }), "0 runs first, 9 last."),
        add("timeout", "Timeout", h("input", { type: "text", placeholder: "none" }), "Of a whole run, such as 10m."),
        add("maxConcurrency", "Runs at once", h("input", { type: "number", min: 1 })),
        add(
          "pauseOnFailure",
          "Pause after failures in a row",
          h("input", { type: "number", min: 1, placeholder: "never" }),
        ),
        add("attempts", "Tries of a step", h("input", { type: "number", min: 1, placeholder: "as the workflow says" })),
        add("backoff", "Wait before the second try", h("input", { type: "text", placeholder: "1s" })),
      ),
    ),
  ];
}

function aboutParts(add) {
  return h(
    "details",
    { class: "more" },
    h("summary", {}, "Description, metadata, enabled"),
    h(
      "div",
      { class: "stack" },
      add("description", "Description", h("textarea", { rows: 2, class: "prose", maxlength: 10000 })),
      add(
        "metadata",
        "Metadata, as JSON",
        h("textarea", { rows: 2, spellcheck: "false", placeholder: '{"team": "bi"}' }),
      ),
      add(
        "enabled",
        "Enabled",
        h(
          "select",
          {},
          options([
            ["yes", "Yes: it fires by its rule"],
            ["no", "No: it rests until it is enabled"],
          ]),
        ),
      ),
    ),
  );
}

const options = (pairs) => pairs.map(([value, words]) => h("option", { value }, words));

/** A labelled input with a place for what is wrong with it, and one for a note. */
function fieldOf(id, name, label, input, hint) {
  input.id = id;
  input.dataset.field = name;
  const wrong = h("p", { class: "field-wrong", id: `${id}-wrong` });
  const note = h("p", { class: "hint field-note", id: `${id}-note` });
  const hintElement = hint === undefined ? null : h("p", { class: "hint", id: `${id}-hint` }, hint);
  input.setAttribute("aria-describedby", `${id}-wrong ${id}-note${hintElement ? ` ${id}-hint` : ""}`);
  const element = h("div", { class: "field" }, h("label", { for: id }, label), input, wrong, note, hintElement);
  return {
    element,
    input,
    note: (text) => fill(note, text),
    say: (message) => {
      fill(wrong, message);
      if (message) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    },
  };
}

function workflowSelect(chosen) {
  const select = h("select", { required: true }, options([["", "Choose …"]]));
  if (chosen) select.append(h("option", { value: chosen }, chosen));
  rest
    .get("/api/workflows", { limit: 500 })
    .then(({ items }) => {
      const now = select.value;
      fill(
        select,
        options([["", "Choose …"]]),
        items.map((each) => h("option", { value: each.id, dataset: { params: inWords(each.params) } }, each.id)),
      );
      if (now && ![...select.options].some((each) => each.value === now))
        select.append(h("option", { value: now }, now));
      select.value = now;
      hint();
    })
    .catch(() => {}); // without a list there is nothing to choose, and the server says so
  const hint = () => {
    const place = document.getElementById(select.id.replace(/workflowId$/, "params-hint"));
    if (place) fill(place, select.selectedOptions[0]?.dataset.params ?? "");
  };
  select.addEventListener("change", hint);
  return select;
}

function inWords(params) {
  if (!params.length) return "This workflow has no parameters.";
  return `It takes ${params
    .map(({ name, required, secret }) => {
      const more = [required ? "required" : "", secret ? "secret" : ""].filter(Boolean).join(", ");
      return more ? `${name} (${more})` : name;
    })
    .join(", ")}.`;
}

function zones() {
  return [...new Set(["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];
}

const readOf = (input) => input.value.replaceAll("\r\n", "\n");

function write(input, text) {
  if (input.tagName === "SELECT" && text && ![...input.options].some((each) => each.value === text))
    input.append(h("option", { value: text }, text));
  input.value = text;
}
