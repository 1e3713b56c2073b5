"""Turns what happened to a step into what is stored and told of it.

Each method answers with a turn, for the execution's actor to go on with.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from quarterjack.storage import Execution, Failure, Progress, Retry
from quarterjack.storage.deliveries import Arrival
from quarterjack.storage.event_changes import DeliverEvent
from quarterjack.storage.plain_data import Packed

from .engine import Clock
from .execution_events import error_data, step_event
from .execution_outcome import TIMED_OUT, step_timeout
from .execution_timers import ProgressThrottle
from .runner import Emission
from .step_attempts import StepAttempts
from .step_ledger import STOPPED, StepLedger, StepState
from .turn import Turn


class StepOutcomes:
    """Of one execution. `progress` keeps what was not told yet of a step's progress."""

    def __init__(
        self,
        execution: Execution,
        ledger: StepLedger,
        attempts: StepAttempts,
        progress: ProgressThrottle,
        clock: Clock,
    ) -> None:
        self._execution = execution
        self._ledger = ledger
        self._attempts = attempts
        self._progress = progress
        self._clock = clock

    def succeeded(self, name: str, result: Packed, output: Packed | None = None) -> Turn:
        """It returned, or what it waited for is there."""
        turn = self._with_last_progress(name)
        turn.changes.append(self._ledger.succeed(name, self._clock.now(), result, output))
        data = self._duration(self._ledger[name]) | {"resultSize": len(result)}
        self._tell(turn, "completed", name, data)
        return turn

    def skipped(self, name: str, output: Packed | None) -> Turn:
        """Its condition was false."""
        turn = self._with_last_progress(name)
        turn.changes.append(self._ledger.skip(name, self._clock.now(), output))
        self._tell(turn, "skipped", name, {})
        return turn

    def failed(
        self,
        name: str,
        failure: Failure,
        *,
        kinds: tuple[str, ...] = (),
        output: Packed | None = None,
    ) -> Turn:
        """An attempt failed; the next one comes when the retry policy says so."""
        return self._fail(name, failure, self._attempts.retry_of(name), kinds, output, False)

    def timed_out(self, name: str, failure: Failure, output: Packed | None = None) -> Turn:
        """An attempt took too long; the next one comes when the retry policy says so."""
        return self._fail(name, failure, self._attempts.retry_of(name), TIMED_OUT, output, True)

    def ended_unwanted(self, name: str, failure: Failure, output: Packed | None) -> Turn:
        """An attempt ended after its execution was to end."""
        if self._attempts.step(name).handles_failure:
            return self._fail(name, failure, Retry(), (), output, False)
        turn = self._with_last_progress(name)
        turn.changes.append(self._ledger.cancel(name, self._clock.now(), failure, output))
        self._tell(turn, "failed", name, self._duration(self._ledger[name], failure))
        return turn

    def gave_up(self, state: StepState) -> Turn:
        """It has had its time with all its attempts and items."""
        now, turn = self._clock.now(), self._with_last_progress(state.name)
        total = self._attempts.step(state.name).total_timeout
        error = step_timeout(total, " with all its attempts")
        for item in self._ledger.open_items(state.name):
            turn.changes.append(self._ledger.cancel(item.name, now, error))
        turn.changes.append(self._ledger.give_up(state.name, now, error))
        self._tell(turn, "failed", state.name, self._duration(state, error))
        return turn

    def interrupted(self) -> Turn:
        """The server stops: what runs is lost, and runs again at the next start."""
        error = Failure(STOPPED, "the server was stopped; the step runs again at its next start")
        turn, now = Turn(), self._clock.now()
        for step in self._ledger.running():
            output = self._attempts.output(self._attempts.key(step))
            change, _ = self._ledger.fail(step.name, now, error, Retry(), output=output)
            turn.changes.append(change)
        return turn

    def cancelled(self, states: list[StepState], error: Failure) -> Turn:
        """Nobody waits any more for what they were to do."""
        now = self._clock.now()
        return Turn([self._ledger.cancel(state.name, now, error) for state in states])

    def progressed(self, name: str, progress: Progress) -> Turn | None:
        """It says how far it is; None: that was told a moment ago, and is told later."""
        if not self._progress.may_tell(name, progress):
            return None
        turn = Turn()
        self._add_progress(turn, name, progress)
        return turn

    def emitted(self, name: str, emission: Emission) -> Turn:
        """It sends an event. The same one of an earlier attempt is none."""
        arrival = Arrival(
            emission.name,
            emission.key,
            emission.payload,
            self._clock.now(),
            self._execution.lineage,
            self._execution.id,
            f"emitted by {self._execution.id}:{name} {emission.mark}",
            self._attempts.traceparent(name, self._ledger[name].number),
        )
        return Turn(emitted=[DeliverEvent(arrival)])

    def _fail(
        self,
        name: str,
        failure: Failure,
        retry: Retry,
        kinds: tuple[str, ...],
        output: Packed | None,
        timed_out: bool,
    ) -> Turn:
        turn, state = self._with_last_progress(name), self._ledger[name]
        change, wait = self._ledger.fail(
            name,
            self._clock.now(),
            failure,
            retry,
            kinds=kinds,
            timed_out=timed_out,
            output=output,
        )
        turn.changes.append(change)
        if wait is None:
            self._tell(turn, "failed", name, self._duration(state, failure))
        else:
            data = {"error": error_data(failure), "delay": wait.total_seconds()}
            self._tell(turn, "retrying", name, data)
        return turn

    def _with_last_progress(self, name: str) -> Turn:
        turn, progress = Turn(), self._progress.take(name)
        if progress is not None:
            self._add_progress(turn, name, progress)
        return turn

    def _add_progress(self, turn: Turn, name: str, progress: Progress) -> None:
        turn.changes.append(self._ledger.progress(name, progress))
        self._tell(turn, "progress", name, progress._asdict())

    def _tell(self, turn: Turn, what: str, name: str, data: Mapping[str, Any]) -> None:
        now = self._clock.now()
        turn.events.append(step_event(self._execution, what, now, self._ledger[name], data))

    def _duration(self, state: StepState, error: Failure | None = None) -> dict[str, Any]:
        spent: timedelta = self._clock.now() - state.attempts[-1].started_at
        data: dict[str, Any] = {"duration": spent.total_seconds()}
        return data if error is None else data | {"error": error_data(error)}
