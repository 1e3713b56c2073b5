"""Runs steps inline, but lets virtual time pass between their begin and their end."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from quarterjack.actors.engine import VirtualClock
from quarterjack.actors.engine.clock import Timer
from quarterjack.actors.runner import AttemptKey, StepBegan, StepRaised, StepReport, StepTask
from quarterjack.storage import Failure

from ..runners.inline import InlineRunner
from ..runners.process import WORKER_DIED
from ..vault.step_secrets import NO_SECRETS, StepSecrets

_CANCELLED = Failure("Cancelled", "it was cancelled while it ran")
_LOST = Failure(WORKER_DIED, "the step's worker was lost for a test")


class _Running(NamedTuple):
    timer: Timer
    report: Callable[[StepReport], None]


class TimedRunner(InlineRunner):
    """`took` says how long an attempt takes; its function is called at the end of that time."""

    def __init__(
        self,
        clock: VirtualClock,
        took: Callable[[StepTask], timedelta],
        secrets: StepSecrets = NO_SECRETS,
    ) -> None:
        super().__init__(clock.now, secrets)
        self._clock = clock
        self._took = took
        self._running: dict[AttemptKey, _Running] = {}

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Begin it now, and let it end when its time has passed; at once, if it takes none."""
        span = self._took(task)
        report(StepBegan(task.key))
        if not span:
            self.call(task, report)
            return

        def end() -> None:
            del self._running[task.key]
            self.call(task, report)

        timer = self._clock.call_later(span.total_seconds(), end)
        self._running[task.key] = _Running(timer, report)

    def cancel(self, key: AttemptKey) -> None:
        """End it as a process runner does."""
        self._end(key, _CANCELLED)

    def in_flight(self, key: AttemptKey) -> bool:
        """Whether its time has not passed."""
        return key in self._running

    def under_way(self) -> list[AttemptKey]:
        """All that have begun and not ended, in the order in which they began."""
        return list(self._running)

    def forget(self) -> None:
        """All that is under way is gone, as when the process has died."""
        self._running.clear()

    def lose(self, key: AttemptKey) -> None:
        """Let the worker of an attempt die: it ends now, without its function having been called."""
        self._end(key, _LOST)

    def _end(self, key: AttemptKey, failure: Failure) -> None:
        running = self._running.pop(key, None)
        if running is not None:
            running.timer.cancel()
            running.report(StepRaised(key, failure, (failure.type,)))
