// The form that makes a schedule and changes one: checked while one types, wrong fields named where they are, and
// nothing typed is lost when somebody else was faster.

import { fill, h } from "./dom.js";
import { Problem, rest } from "./rest.js";
import { ask } from "./components/dialog.js";
import { toast } from "./components/toast.js";
import { startOnce } from "./schedule_acts.js";
import { ruleCheck } from "./schedule_check.js";
import { changesOf, draftOf, fieldAt, FIELDS, ruleOf, startTexts, textsOf } from "./schedule_fields.js";
import { formParts } from "./schedule_inputs.js";
import { quoted } from "./schedule_words.js";

const CONFLICT = 412;

/**
 * Ask for a new schedule, and make it. `given`: texts to begin with, such as `{workflowId}`. Gives it, or undefined.
 */
export async function newSchedule(given = {}) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const form = new ScheduleForm({ ...startTexts(), timezone: zone, ...given });
  const make = startOnce((key) => rest.post("/api/schedules/workflows", draftOf(form.texts), { key }));
  const made = await ask({
    title: "New schedule",
    action: "Make the schedule",
    wide: true,
    body: form.nodes,
    submit: () => form.tried(make),
  });
  form.end();
  if (made) toast(`Made ${quoted(made.name)}.`);
  return made ?? undefined;
}

/** Show a schedule in the form, and change it. Gives it, or undefined. */
export async function editSchedule(id) {
  const path = `/api/schedules/${encodeURIComponent(id)}/workflow`;
  const { found, etag } = await rest.getWithTag(path);
  const form = new ScheduleForm(textsOf(found), found.id);
  form.known = { schedule: found, etag, texts: textsOf(found) };
  const changed = await ask({
    title: `Change ${quoted(found.name)}`,
    action: "Save",
    wide: true,
    body: form.nodes,
    submit: () =>
      form.tried(async () => {
        const body = changesOf(form.texts, form.known.texts, form.known.schedule);
        if (body === null) return form.known.schedule;
        try {
          return await rest.put(path, body, form.known.etag);
        } catch (problem) {
          if (problem.status === CONFLICT) form.offerReload(() => rest.getWithTag(path));
          throw problem.status === CONFLICT ? new Error("It is not saved. What you typed is still here.") : problem;
        }
      }),
  });
  form.end();
  if (changed) toast(`Saved ${quoted(changed.name)}.`);
  return changed ?? undefined;
}

class ScheduleForm {
  constructor(texts, scheduleId) {
    this.leave = new AbortController();
    this.notice = h("div", { class: "form-notice", role: "alert" });
    this.parts = formParts(texts, { changed: () => this.changed() });
    this.check = ruleCheck({
      scheduleId,
      wrong: (errors) => this.showWrong(errors, "scheduleConfig"),
      signal: this.leave.signal,
    });
    fill(this.parts.checkPlace, this.check.element);
    this.nodes = [this.notice, this.parts.nodes];
    this.changed();
  }

  /** What stands in the fields now. */
  get texts() {
    return this.parts.texts();
  }

  end() {
    this.leave.abort();
  }

  changed() {
    this.parts.showKind();
    let rule;
    try {
      rule = ruleOf(this.texts);
    } catch (error) {
      this.parts.say(error.field, error.message);
      return;
    }
    this.check.look(rule, this.texts.kind);
  }

  /** Do it; what is wrong with a field is said at the field, the rest is thrown. */
  async tried(act) {
    this.parts.clear();
    try {
      return await act();
    } catch (error) {
      if (error.field) {
        this.parts.say(error.field, error.message);
        this.parts.focusWrong();
        throw new Error("One field is not right yet.");
      }
      if (!(error instanceof Problem) || !error.errors.length) throw error;
      const left = this.showWrong(error.errors, "");
      this.parts.focusWrong();
      if (left.length) throw new Problem(error.status, { title: error.title, detail: error.message, errors: left });
      throw new Error(
        error.errors.length === 1 ? "One field is not right yet." : `${error.errors.length} fields are not right yet.`,
      );
    }
  }

  /** Say at each field what is wrong with it, of all fields or of one part; gives the errors that are about none. */
  showWrong(errors, part) {
    const { kind } = this.texts;
    for (const name of Object.keys(FIELDS)) if (part && FIELDS[name].at[0] === part) this.parts.say(name, "");
    return errors.filter(({ loc, msg }) => {
      const name = fieldAt(loc, kind);
      if (name) this.parts.say(name, detailOf(loc, FIELDS[name].at, msg));
      return !name;
    });
  }

  /** Somebody else changed it meanwhile: take over what they changed, but for what is changed here, too. */
  offerReload(read) {
    const button = h(
      "button",
      {
        type: "button",
        on: {
          click: async () => {
            const { found, etag } = await read();
            const theirs = textsOf(found);
            const both = this.parts.merge(this.known.texts, theirs);
            this.known = { schedule: found, etag, texts: theirs };
            this.changed();
            fill(
              this.notice,
              h(
                "p",
                {},
                both.length
                  ? "Read again. Where both changed a field, yours stands. Save again to overwrite theirs."
                  : "Read again: the fields that you did not touch are as they are now. Save again.",
              ),
            );
          },
        },
      },
      "Read it again",
    );
    fill(this.notice, h("p", {}, "Somebody else has changed this schedule since you opened it. "), button);
  }
}

/** The message, with which of several it is about: "2: Bad month". */
function detailOf(loc, at, msg) {
  const more = loc.slice(at.length).map((step) => (typeof step === "number" ? `${step + 1}.` : step));
  return more.length ? `${more.join(" ")} ${msg}` : msg;
}
