"""What runs now and what happened last, kept up to date by events. Safe from any thread, and knows no server.

An execution is there from its start to its end; events that tell of it again change nothing.
"""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from ...shapes.events import Event
from ...shapes.executions import Execution, ExecutionDetail
from ..step_states import ENDED_STEPS

_KEPT: Final = 500
_BEGINS: Final = "workflow.started"
_ENDS: Final = frozenset(
    {"workflow.completed", "workflow.failed", "workflow.cancelled", "workflow.timedOut"}
)
_STEP: Final = "workflow.step."
_STEP_ENDS: Final = frozenset({"completed", "failed", "skipped"})
_ITEM: Final = "["


@dataclass(slots=True)
class StepNow:
    """A step, or an item of one, that is under way."""

    name: str
    done: float = 0
    total: float | None = None
    note: str = ""


@dataclass(slots=True)
class RunningNow:
    """An execution that has begun and not ended."""

    id: str
    schedule_id: str | None
    workflow_id: str
    started_at: datetime
    ended: set[str] = field(default_factory=set)
    """Steps, without their items."""
    steps: dict[str, StepNow] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """What became of one of its steps."""
        name, what = str(event.data.get("step", "")), event.type.removeprefix(_STEP)
        if what in _STEP_ENDS:
            self.steps.pop(name, None)
            if _ITEM not in name:
                self.ended.add(name)
            return
        step = self.steps.setdefault(name, StepNow(name))
        if what == "progress":
            step.done, step.total = event.data["done"], event.data["total"]
            step.note = event.data["note"]
        elif what == "retrying":
            step.note = f"again after attempt {event.data['attempt']}"
        else:
            step.done, step.total, step.note = 0, None, ""


class Seen(NamedTuple):
    """A moment's picture."""

    running: list[RunningNow]
    """The oldest, so many as were asked for."""
    total: int
    """How many run."""
    events: list[Event]
    """The newest, so many as were asked for; the very newest last."""
    seq: int
    trouble: str


class WatchBoard:
    """Fed with all events of what is watched; those that are `wanted` are kept to be shown."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, RunningNow] = {}
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._seq = 0
        self._trouble = ""

    def begin(self, seq: int, found: Iterable[Execution]) -> None:
        """What ran already when the events began, after that one."""
        with self._lock:
            self._seq = max(self._seq, seq)
            for each in sorted(found, key=lambda each: each.started_at or each.queued_at):
                self._running.setdefault(each.id, _now(each))

    def take(self, event: Event, *, wanted: bool = True) -> None:
        """What happened next."""
        with self._lock:
            self._seq, self._trouble = event.seq, ""
            if wanted:
                self._events.append(event)
            self._fold(event)

    def trouble(self, told: str) -> None:
        """Why nothing is known at the moment; nothing: it is again."""
        with self._lock:
            self._trouble = told

    def seen(self, rows: int) -> Seen:
        """As it is now: at most so many of what runs, and of what happened."""
        with self._lock:
            oldest = islice(self._running.values(), rows)
            running = [replace(each, steps=dict(each.steps)) for each in oldest]
            newest = list(islice(reversed(self._events), rows))[::-1]
            return Seen(running, len(self._running), newest, self._seq, self._trouble)

    def _fold(self, event: Event) -> None:
        key = event.execution_id
        if key is None:
            return
        if event.type in _ENDS:
            self._running.pop(key, None)
        elif event.type == _BEGINS:
            began = RunningNow(key, event.schedule_id, event.workflow_id or "", event.timestamp)
            self._running.setdefault(key, began)
        elif event.type.startswith(_STEP) and key in self._running:
            self._running[key].take(event)


def _now(found: Execution) -> RunningNow:
    began = found.started_at or found.queued_at
    running = RunningNow(found.id, found.schedule_id, found.workflow_id, began)
    for step in found.steps if isinstance(found, ExecutionDetail) else ():
        if step.status in ENDED_STEPS:
            running.ended.add(step.name)
        elif step.attempts:
            now = running.steps[step.name] = StepNow(step.name)
            if step.progress is not None:
                now.done, now.total = step.progress.done, step.progress.total
                now.note = step.progress.note
    return running
