// What stands on the overview of a server that has no schedule yet: how to make the first.

import { h } from "./dom.js";
import { to } from "./router.js";
import { can } from "./session.js";
import { icon } from "./components/icons.js";

const FILE = `[schedules.nightly]
workflowId = "daily-report"
name = "Nightly report"

[schedules.nightly.scheduleConfig]
cron = "0 3 * * *"`;
const COMMANDS = `quarterjack apply schedules.toml --dry-run
quarterjack apply schedules.toml`;

/** The card. */
export function welcome() {
  const text = (label, words) => h("pre", { class: "text", tabindex: "0", role: "region", "aria-label": label }, words);
  return h("section", { class: "card welcome", "aria-labelledby": "welcome-title" },
    h("div", { class: "welcome-picture", "aria-hidden": "true" }, icon("schedule")),
    h("h2", { id: "welcome-title" }, "Make the first schedule"),
    h("p", { class: "soft" },
      "A schedule says when a workflow runs. As soon as there is one, this page shows when it ran, ",
      "what runs now, and when it fires next."),
    h("div", { class: "actions" }, can("admin")
      ? h("a", { class: "button primary", href: to("/schedules") }, icon("plus"), "Make a schedule")
      : h("p", { class: "soft" }, "One who has the role admin can make it."),
    h("a", { class: "button", href: to("/workflows") }, "See the workflows")),
    h("div", { class: "welcome-command" },
      h("h3", {}, "Or on the command line"),
      h("p", { class: "soft" },
        "Write it into a file such as schedules.toml, look at what would change, and apply it:"),
      text("A file with a schedule", FILE), text("The commands", COMMANDS)));
}
