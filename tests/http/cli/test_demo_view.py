"""What the demo shows, on a terminal and off it."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from quarterjack.http.cli.demo_view import DemoView
from quarterjack.storage import Event, ExecutionId, ScheduleId, WorkflowId

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _event(kind: str, schedule: str = "sch_a", **data: Any) -> Event:
    return Event(kind, NOON, ScheduleId(schedule), WorkflowId("w"), ExecutionId("exe_1"), data)


def _view(*, terminal: bool) -> tuple[DemoView, Console, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, height=30)
    view = DemoView(console, {"sch_a": ("Disk watch", "*/30 * * * * * UTC")}, ["listening here"])
    return view, console, out


RUN = [
    _event("workflow.started", trigger="cron", scheduledTime="x"),
    _event("workflow.step.progress", step="scan", attempt=1, done=1, total=4, note=""),
    _event("workflow.step.completed", step="scan", attempt=1, duration=0.1, resultSize=9),
    _event("workflow.completed", duration=0.25, resultSize=3),
]


def test_off_a_terminal_each_happening_is_a_plain_line() -> None:
    view, _, out = _view(terminal=False)

    with view.shown():
        for event in RUN:
            view.on_event(event)

    heading, started, ended = out.getvalue().splitlines()
    assert heading == "listening here"
    assert started.endswith("Disk watch  started")
    assert ended.endswith("Disk watch  succeeded in 0.25 s, 1 steps")


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            _event(
                "workflow.step.retrying",
                step="scan",
                attempt=1,
                delay=1,
                error={"type": "OSError", "message": "gone"},
            ),
            "scan: OSError: gone",
        ),
        (_event("schedule.skipped", scheduledTime="x", reason="overlap"), "skipped: overlap"),
        (_event("workflow.failed", duration=1.0, step="scan"), "failed in 1.00 s"),
        (_event("workflow.timedOut", duration=1.0), "timed out in 1.00 s"),
        (_event("workflow.cancelled", duration=1.0, reason="x"), "cancelled in 1.00 s"),
    ],
)
def test_what_goes_wrong_is_told(event: Event, told: str) -> None:
    view, _, out = _view(terminal=False)

    view.on_event(event)

    assert told in out.getvalue()


def test_other_schedules_are_not_told() -> None:
    view, _, out = _view(terminal=False)

    view.on_event(_event("workflow.started", "sch_other", trigger="cron"))

    assert out.getvalue() == ""


def test_a_terminal_shows_what_runs_now() -> None:
    view, console, out = _view(terminal=True)

    for event in RUN[:2]:
        view.on_event(event)
    console.print(view)
    running = out.getvalue()
    for event in RUN[2:]:
        view.on_event(event)
    with view.shown():
        pass
    shown = out.getvalue()

    assert "Disk watch" in running
    assert "scan 25%" in running
    assert "succeeded in 0.25 s" in shown
