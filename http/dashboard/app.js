// Begins the dashboard: who is there, which pages there are, and the frame round them.

import { fill, h } from "./dom.js";
import { onForgotten } from "./credentials.js";
import { closeStream, openStream } from "./live.js";
import { Problem } from "./rest.js";
import { beginRouting, route } from "./router.js";
import { beginSession } from "./session.js";
import { showSide } from "./side.js";
import { failure } from "./components/states.js";
import { signIn } from "./pages/sign_in.js";
import { overview } from "./pages/overview.js";
import { schedules } from "./pages/schedules.js";
import { schedule } from "./pages/schedule.js";
import { executions } from "./pages/executions.js";
import { execution } from "./pages/execution.js";
import { workflows } from "./pages/workflows.js";
import { workflow } from "./pages/workflow.js";
import { actors } from "./pages/actors.js";
import { events } from "./pages/events.js";

const main = document.getElementById("main");
let begun = false;

route("/", overview);
route("/schedules", schedules);
route("/schedules/:id", schedule);
route("/executions", executions);
route("/executions/:id", execution);
route("/workflows", workflows);
route("/workflows/:id", workflow);
route("/actors", actors);
route("/events", events);

function missing() {
  const element = h("section", { class: "page" }, h("h1", {}, "There is no such page"),
    h("p", {}, "The address leads nowhere. ", h("a", { href: "#/" }, "Go to the overview.")));
  return { title: "Not found", element };
}

let first = true;
function showPage({ title, element }) {
  document.title = `${title} · Quarterjack`;
  fill(main, element);
  showSide();
  if (!first) main.focus({ preventScroll: true });
  if (!first) window.scrollTo(0, 0);
  first = false;
}

/** Find out who is there; the sign-in where a token is needed. */
async function begin() {
  try {
    await beginSession();
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) {
      askForToken();
    } else {
      fill(main, h("section", { class: "page" }, failure(problem, begin)));
    }
    return;
  }
  openStream();
  if (begun) location.reload();
  begun = true;
  beginRouting(showPage, missing);
}

function askForToken(why = "") {
  closeStream();
  document.title = "Sign in · Quarterjack";
  document.body.classList.add("signed-out");
  fill(main, signIn(why, () => {
    document.body.classList.remove("signed-out");
    return begin();
  }));
}

onForgotten(() => {
  if (begun && !document.body.classList.contains("signed-out")) askForToken("The token does not hold any more, or you have signed out.");
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

begin();
