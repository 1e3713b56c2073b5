// Runs a workflow by hand: a field for each of its parameters.

import { h } from "./dom.js";
import { newKey, rest } from "./rest.js";
import { toOne } from "./router.js";
import { ask, field } from "./components/dialog.js";

/** Ask for the parameters, run it, and go to its execution. */
export async function runDialog({ id, params }) {
  const key = newKey();
  const inputs = params.map((param) => [param, inputOf(param)]);
  const priority = h("input", { type: "number", min: 0, max: 9, value: 5 });
  const begun = await ask({
    title: `Run ${id}`,
    body: [
      params.length
        ? h(
            "p",
            { class: "hint" },
            'What reads as JSON is taken as that: 5, true, [1, 2], {"a": 1}, "5". Anything else is text.',
          )
        : h("p", {}, "It takes no parameters."),
      ...inputs.map(([{ name, required }, input]) => field(name, input, required ? "needed" : "empty: its default")),
      field("Priority", priority, "0 runs first, 9 last"),
    ],
    action: "Run it",
    submit: () =>
      rest.post(
        `/api/workflows/${encodeURIComponent(id)}/run`,
        { params: given(inputs), priority: priorityOf(priority) },
        { key },
      ),
  });
  if (begun) location.hash = toOne("executions", begun.executionId);
}

function inputOf({ secret }) {
  if (secret) return h("input", { type: "password", autocomplete: "off" });
  return h("textarea", { rows: 1, spellcheck: "false", class: "one-line" });
}

function given(inputs) {
  const found = {};
  for (const [{ name, required, secret }, input] of inputs) {
    const text = input.value.trim();
    input.removeAttribute("aria-invalid");
    if (text) found[name] = secret ? input.value : valueOf(text);
    else if (required) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
      throw new Error(`${name} is needed.`);
    }
  }
  return found;
}

/** The value that a text stands for. */
export function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function priorityOf(input) {
  const found = Number(input.value);
  if (!Number.isInteger(found) || found < 0 || found > 9)
    throw new Error("The priority is a whole number from 0 to 9.");
  return found;
}
