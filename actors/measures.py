"""What is counted and timed while the actors work: plain numbers, for whoever wants to show them.

Recording takes no lock and well under a microsecond. Each figure is written on one thread only (the
state actor's or the loop's, as it says), and may be read on any, with `taken`.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from quarterjack.storage import Event

Key = TypeVar("Key")
MILLISECONDS: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
"""Bounds, in seconds, for what should take milliseconds."""
DELAYS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)
"""For how late something begins."""
DURATIONS: Final = (0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)
"""For what people's code takes."""


class Histogram:
    """How many values were at most as large as each bound.

    >>> spans = Histogram((0.1, 1.0))
    >>> for seconds in (0.1, 0.5, 7.0): spans.record(seconds)
    >>> spans.cumulated(), spans.sum
    ([1, 2, 3], 7.6)
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def record(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulated(self) -> list[int]:
        """For each bound, and then for all values, how many there were."""
        found, total = [], 0
        for count in self.counts.copy():
            total += count
            found.append(total)
        return found


class Measures:
    """One per runtime; it outlives stops and starts."""

    def __init__(self) -> None:
        self.commits = Histogram(MILLISECONDS)
        """From the order to write something until that was committed (state)."""
        self.start_delays = Histogram(DELAYS)
        """From an execution's due instant until it began; not of backfills (loop)."""
        self.deliveries = Histogram(MILLISECONDS)
        """From an event's commit until a subscriber's socket had it (loop)."""
        self.executions: dict[tuple[str, str], int] = {}
        """Ended executions by workflow and status (state)."""
        self.durations: dict[str, Histogram] = {}
        """Of the ended executions, by workflow (state)."""
        self.started: dict[str, int] = {}
        """Executions that have begun, by workflow (state)."""
        self.triggered: dict[str, int] = {}
        """Executions that schedules have made, by trigger (state)."""
        self.skipped: dict[str, int] = {}
        """Due instants and events that made none, by reason (state)."""
        self.missed: dict[str, int] = {}
        """Due instants at which nothing could fire, and that were not made up for, by reason (state)."""
        self.step_attempts: dict[tuple[str, str], int] = {}
        """Ended attempts of steps, by workflow and how they ended (state)."""
        self.events = 0
        """Events that were committed (state)."""
        self.queue: Callable[[], Mapping[str, int]] = dict
        """How many executions are running, waiting for their turn, and parked; set by the run queue."""

    def committed(self, events: Iterable[Event]) -> None:
        """Count what these events tell of."""
        for event in events:
            self.events += 1
            note = _NOTES.get(event.type)
            if note is not None:
                note(self, event)


def taken(figures: dict[Key, Any]) -> dict[Key, Any]:
    """The figures as they are now, also while another thread adds to them."""
    return figures.copy()


def _started(measures: Measures, event: Event) -> None:
    _count(measures.started, event.workflow_id or "")


def _ended(status: str) -> Callable[[Measures, Event], None]:
    def note(measures: Measures, event: Event) -> None:
        workflow = event.workflow_id or ""
        _count(measures.executions, (workflow, status))
        durations = measures.durations.get(workflow)
        if durations is None:
            durations = measures.durations[workflow] = Histogram(DURATIONS)
        durations.record(float(event.data["duration"]))

    return note


def _attempt(outcome: str) -> Callable[[Measures, Event], None]:
    def note(measures: Measures, event: Event) -> None:
        _count(measures.step_attempts, (event.workflow_id or "", outcome))

    return note


def _triggered(measures: Measures, event: Event) -> None:
    _count(measures.triggered, str(event.data["trigger"]))


def _skipped(measures: Measures, event: Event) -> None:
    _count(measures.skipped, str(event.data["reason"]))


def _missed(measures: Measures, event: Event) -> None:
    _count(measures.missed, str(event.data["reason"]), int(event.data["instants"]))


def _count(figures: dict[Key, int], key: Key, more: int = 1) -> None:
    figures[key] = figures.get(key, 0) + more


_NOTES: Final[Mapping[str, Callable[[Measures, Event], None]]] = {
    "workflow.started": _started,
    "workflow.completed": _ended("succeeded"),
    "workflow.failed": _ended("failed"),
    "workflow.cancelled": _ended("cancelled"),
    "workflow.timedOut": _ended("timedOut"),
    "workflow.step.completed": _attempt("completed"),
    "workflow.step.failed": _attempt("failed"),
    "workflow.step.retrying": _attempt("retrying"),
    "workflow.step.skipped": _attempt("skipped"),
    "schedule.triggered": _triggered,
    "schedule.skipped": _skipped,
    "schedule.missed": _missed,
}
"""What each type of event adds to."""
