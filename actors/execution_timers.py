"""The timers of an execution, by name, and the messages with which they remind its actor."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from quarterjack.storage import Progress

from .engine import Timer
from .runner import AttemptKey
from .step import Step
from .step_ledger import StepState

DEAF_AFTER: Final = timedelta(seconds=30)
"""How long a cancelled step that can't be killed may go on before it is given up."""
PARK_AFTER: Final = timedelta(seconds=2)
"""An execution that has longer to wait keeps no actor."""
PARK_RETRY_AFTER: Final = timedelta(minutes=10)
"""The same while a step waits for its next attempt: so long it counts as running."""
STOPPED_FOR: Final = timedelta(seconds=1)
"""How late a timer has to be for the server to have been stopped meanwhile, and steps with it."""
PROGRESS_EVERY: Final = timedelta(milliseconds=250)
"""How often a step's progress is told at most."""


class WaitOver(NamedTuple):
    """The instant has come until which a step waits: asleep, for an event, or for its next attempt."""

    step: str


class StepOverdue(NamedTuple):
    """An attempt has had its time, at an instant of the monotonic clock."""

    key: AttemptKey
    due: float
    is_extended: bool = False
    """It was given more, because nobody could look when it was over."""


class TotalOverdue(NamedTuple):
    """A step has had its time with all its attempts."""

    step: str


class ExecutionOverdue(NamedTuple):
    """The execution's own timeout has passed."""


class ProgressDue(NamedTuple):
    """A step's progress may be told again."""

    step: str


class Deaf(NamedTuple):
    """Steps that were cancelled had their time to listen."""


class ExecutionTimers:
    """Timers by name; setting one of a name stops the one before."""

    def __init__(self, send_after: Callable[[timedelta, Any], Timer]) -> None:
        self._send_after = send_after
        self._timers: dict[str, Timer] = {}
        self._instants: dict[str, datetime] = {}

    def set(self, name: str, span: timedelta, message: Any) -> None:
        """Send the actor the message after that time."""
        self.stop(name)
        self._timers[name] = self._send_after(span, message)

    def at(self, name: str, instant: datetime, now: datetime, message: Any) -> timedelta:
        """Send it at an instant of the wall clock, at once if that has passed; how long until then.

        An execution that is parked meanwhile is woken at the first of these instants.
        """
        span = max(timedelta(0), instant - now)
        self.set(name, span, message)
        self._instants[name] = instant
        return span

    def nearest(self) -> datetime | None:
        """The first of the instants that were given."""
        return min(self._instants.values(), default=None)

    def follow(self, state: StepState, step: Step, now: datetime) -> None:
        """Set and stop the timers of a step as its state wants."""
        name = state.name
        if state.has_ended:
            for kind in ("attempt", "wait", "total"):
                self.stop(f"{kind} {name}")
            return
        if state.awaited.wake_at is None:
            self.stop(f"wait {name}")
        else:
            self.stop(f"attempt {name}")
            self.at(f"wait {name}", state.awaited.wake_at, now, WaitOver(name))
        if step.total_timeout is not None and step.name == name:
            began = state.attempts[0].started_at
            self.at(f"total {name}", began + step.total_timeout, now, TotalOverdue(name))

    def stop(self, name: str) -> None:
        """Forget a timer, if there is one of that name."""
        timer = self._timers.pop(name, None)
        self._instants.pop(name, None)
        if timer is not None:
            timer.cancel()

    def stop_all(self) -> None:
        """Forget all."""
        for name in list(self._timers):
            self.stop(name)


class ProgressThrottle:
    """Lets the first progress of a step through, then the newest every so often."""

    def __init__(self, timers: ExecutionTimers) -> None:
        self._timers = timers
        self._quiet: set[str] = set()
        self._newest: dict[str, Progress] = {}

    def may_tell(self, step: str, progress: Progress) -> bool:
        """Whether to tell it now; if not, it is kept until it is due."""
        if step in self._quiet:
            self._newest[step] = progress
            return False
        self._quiet.add(step)
        self._timers.set(f"progress {step}", PROGRESS_EVERY, ProgressDue(step))
        return True

    def due(self, step: str) -> Progress | None:
        """The quiet time is over: what came meanwhile."""
        self._quiet.discard(step)
        return self.take(step)

    def take(self, step: str) -> Progress | None:
        """What was kept of a step and not told."""
        return self._newest.pop(step, None)
