"""Service watch: asks a service how it is, and runs a command when it does not answer well.

A program of its own, for one machine and one service: no server, no port, no workflow to write. The
address is asked every so often, three times before that counts as failed; then the command runs, once at
a time. What was asked, answered and run is in the database, and `quarterjack serve` can show it.

Shows: a `Runtime` in a program, with the built-in workflows `quarterjack.http` and
`quarterjack.command` switched on and used by schedules; ids of one's own, so that a second start changes
the schedules of the first; a callback for an event.

    python -m quarterjack.examples.service_watch http://127.0.0.1:8000/healthz --every 30s -- \
        systemctl restart shop
"""

import argparse
import signal
import threading
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from quarterjack.runtime import Event, OverlapRefused, QuarterjackError, Runtime, Settings
from quarterjack.storage import AlreadyExists

CHECK: Final = "sch_service-check"
REPAIR: Final = "sch_service-repair"


def settings_for(url: str) -> Settings:
    """Both built-ins; requests go to that host only, which may be this machine."""
    return Settings.of(
        builtins=["command", "http"],
        http_allowed_hosts=[urlsplit(url).hostname],
        http_allow_private=True,
        grace="5s",
    )


def schedules(url: str, command: Sequence[str], every: str) -> dict[str, dict[str, Any]]:
    """What is done when: the drafts of both schedules."""
    return {
        REPAIR: {
            "workflowId": "quarterjack.command",
            "name": "Repair",
            "description": "Runs when the check has failed; can be triggered by hand.",
            "scheduleConfig": {"manual": True},
            "executionConfig": {"params": {"argv": list(command), "timeout": "5m"}},
        },
        CHECK: {
            "workflowId": "quarterjack.http",
            "name": "Check",
            "description": f"Asks {url} how it is.",
            "scheduleConfig": {"interval": every, "catchUp": "skip"},
            "executionConfig": {
                "params": {"url": url, "timeout": "5s", "expect_status": ["2xx"]},
                "retryPolicy": {"attempts": 3, "backoff": "200ms", "maxBackoff": "2s"},
            },
        },
    }


class ServiceWatch:
    """Keeps a service up, in a runtime that is started and has both built-ins."""

    def __init__(self, runtime: Runtime, url: str, command: Sequence[str], every: str) -> None:
        self._runtime = runtime
        self._drafts = schedules(url, command, every)

    def begin(self) -> None:
        """Make the schedules, or bring those of an earlier start up to date. Raises `InvalidInput`."""
        self._runtime.subscribe("schedule:failed", self._ill, key=CHECK).get()
        for topic in ("schedule:completed", "schedule:failed"):
            self._runtime.subscribe(topic, self._treated, key=REPAIR).get()
        for key, draft in self._drafts.items():
            try:
                self._runtime.create_scheduled_workflow(draft, schedule_id=key).get()
            except AlreadyExists:
                self._runtime.update_scheduled_workflow(key, draft).get()

    def _ill(self, event: Event) -> None:
        """A check has failed for good. Runs on the callbacks' own thread, so it may wait a moment."""
        say(event, f"the service is not well: {error_of(event)}")
        try:
            self._runtime.trigger_scheduled_execution(
                REPAIR, context={"failedCheck": event.execution_id}, respect_overlap=True
            ).get(timeout=10)
        except OverlapRefused:
            say(event, "its repair is still under way")

    def _treated(self, event: Event) -> None:
        """A repair has ended."""
        good = event.type == "schedule.completed"
        say(event, "it was repaired" if good else f"its repair failed: {error_of(event)}")


def say(event: Event, text: str) -> None:
    """Tell whoever looks at the terminal."""
    print(f"{event.timestamp:%H:%M:%S} {text}", flush=True)


def error_of(event: Event) -> str:
    """The error that an event brings, in a line."""
    error = event.data["error"]
    return f"{error['type']}: {error['message']}" if isinstance(error, dict) else "no error told"


def main(arguments: Sequence[str] | None = None) -> None:
    """Watch until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description="Runs a command when a service is not well.")
    parser.add_argument("url", help="What to ask; an answer of 2xx is good.")
    parser.add_argument("--every", default="30s", help="How often (30s).")
    parser.add_argument("--database", default="sqlite:///service-watch.db", help="The history.")
    parser.add_argument("command", nargs="+", help="What to run, after --.")
    given = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with Runtime(given.database, settings=settings_for(given.url)) as runtime:
            ServiceWatch(runtime, given.url, given.command, given.every).begin()
            print(f"Watching {given.url}; Ctrl-C ends it.", flush=True)
            ended.wait()
    except QuarterjackError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
