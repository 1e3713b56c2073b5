"""The course of one execution: how it begins, goes on turn by turn, rests while it waits, and ends.

What a turn changes is written in one piece; attempts are given to runners, and children to the queue,
after that. The base of the execution's actor, which says what happens on which message.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from quarterjack.storage import (
    Execution,
    ExecutionId,
    ExecutionStatus,
    Failure,
    StepStatus,
    StorageUnavailable,
)
from quarterjack.storage.event_changes import DeliverEvent
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Parked, Started
from quarterjack.storage.step_queries import ChildEnd, Resumable, resumable

from . import execution_outcome as outcome
from . import execution_timers as timers
from . import messages as m
from . import runner as r
from .cast_member import CastMember
from .engine import DeliverIfAwake, Reply
from .environment import Environment
from .execution_events import ended_events, error_data, started_event
from .step_attempts import StepAttempts
from .step_ledger import StepLedger, StepState
from .step_outcomes import StepOutcomes
from .step_starts import StepStarts
from .traces import ExecutionTrace
from .turn import Turn
from .workflow import Workflow


class ExecutionCourse(CastMember):
    """Of the execution `key`. Waits, steps and results are the ledger's; this keeps the order of things."""

    def __init__(self, environment: Environment, key: ExecutionId) -> None:
        super().__init__(environment)
        self._key = key
        self._execution: Execution
        self._ledger: StepLedger
        self._attempts: StepAttempts
        self._starts: StepStarts
        self._outcomes: StepOutcomes
        self._begun = False
        self._ending: Ended | None = None
        self._reason = ""
        self._draining = False
        self._over = False
        self._at_last: Reply[ExecutionStatus] = Reply()
        """How it has ended, when that is stored."""
        self._parked = False
        self._storing = 0
        self._unheard = 0
        self._unsure: dict[str | None, DeliverEvent] = {}
        self._timers = timers.ExecutionTimers(self.send_after)
        self._progress = timers.ProgressThrottle(self._timers)
        self._trace = ExecutionTrace(environment.traces)

    def on_stop(self) -> None:
        self._timers.stop_all()

    # How it begins

    def _load(self) -> None:
        self._begun = True
        self.hold()
        self.read(self._loaded, resumable, self._key)

    def _loaded(self, reply: Reply[Any]) -> None:
        found: Resumable = reply.get()
        self.release()
        self._execution = found.execution
        if self._execution.ended_at is not None:
            self._at_last.set(self._execution.status)
            self._leave()
        else:
            self._set_out(Turn(), found)

    def _set_out(self, turn: Turn, found: Resumable | None) -> None:
        """Begin, or go on from what is stored."""
        now = self.clock.now()
        workflow = self.environment.workflows.get(self._execution.workflow_id)
        turn.started = self._started(turn, workflow, now)
        if workflow is None:
            known = self.environment.workflows
            self._end_with(turn, outcome.workflow_missing(self._execution.workflow_id, known))
            return
        self._prepare(workflow)
        left = self._set_timeout()
        if found is None:
            self._go_on(turn)
            return
        self._ledger.load(found)
        self._trace.loaded(self._execution, found.steps)
        if missing := self._ledger.missing(self._execution.options.steps or ()):
            self._end_with(turn, outcome.workflow_changed(missing))
            return
        self._resume(turn, found.children, is_overdue=left <= timedelta(0))

    def _started(self, turn: Turn, workflow: Workflow | None, now: datetime) -> Started:
        """That it begins, with the steps that its workflow has now; or that it goes on."""
        began, options = self._execution.started_at, None
        if began is None:
            began, options = now, self._execution.options
            if workflow is not None:
                steps = (each for each in workflow.steps.values() if not each.handles_failure)
                options = replace(options, steps=tuple(each.name for each in steps))
            self._execution = replace(self._execution, started_at=began, options=options)
            turn.events.append(started_event(self._execution, now))
            if self._execution.due is not None and self._execution.backfill_id is None:
                late = now - self._execution.due
                self.environment.measures.start_delays.record(late.total_seconds())
        return Started(began, self.environment.boot_id, options)

    def _prepare(self, workflow: Workflow) -> None:
        environment, execution = self.environment, self._execution
        limit = environment.result_limit
        self._ledger = ledger = StepLedger(workflow.steps, workflow.graph, self._key)
        self._attempts = StepAttempts(environment, execution, workflow, self.ref.tell)
        self._starts = StepStarts(
            execution, workflow, ledger, self._attempts, environment.ids, limit
        )
        self._outcomes = StepOutcomes(execution, ledger, self._attempts, self._progress, self.clock)

    def _resume(
        self, turn: Turn, children: Mapping[ExecutionId, ChildEnd], *, is_overdue: bool
    ) -> None:
        """Go on where it was: attempts that nobody runs any more count as lost."""
        now = self.clock.now()
        self._starts.restore_groups(turn, now)
        for step in self._ledger.running():
            key = self._attempts.key(step)
            if self._attempts.in_flight(key):
                self._limit_attempt(key, now - step.attempts[-1].started_at)
                continue
            error = outcome.interrupted(actor_crashed=self.restarted)
            retry = self._attempts.retry_of(step.name)
            turn.changes.append(self._ledger.fail(step.name, now, error, retry)[0])
        for step in self._ledger.waiting():
            if (child := step.awaited.child_id) is None:
                continue
            if child in children:
                self._unheard += 1
                self.ref.tell(m.ChildEnded(step.name, children[child]))
            elif self.restarted:  # the actor before may have had no time to enqueue it
                self.cast.run_queue.tell(m.Recorded(child))
        if self._execution.stop_reason is not None:
            self._reason = self._execution.stop_reason
            self._stop_steps(ExecutionStatus.CANCELLED, None, turn)
        elif is_overdue:
            error = outcome.execution_timeout(self._execution.options.timeout)
            self._stop_steps(ExecutionStatus.TIMED_OUT, error, turn)
        else:
            self._take_up(turn)

    def _take_up(self, turn: Turn) -> None:
        now = self.clock.now()
        for step in self._ledger.retrying():
            if step.awaited.wake_at is None or step.awaited.wake_at <= now:
                self._starts.begin(step.name, turn, now)
        for step in self._ledger.open():
            self._timers.follow(step, self._attempts.step(step.name), now)
        self._go_on(turn)

    # How it goes on

    def _go_on(self, turn: Turn) -> None:
        """Begin what can begin now, or end what is over; then store the turn."""
        now = self.clock.now()
        if self._may_start():
            self._starts.begin_ready(turn, now)
        else:
            self._starts.end_groups(turn, now)
        if self._is_over():
            self._end(turn)
        else:
            self._store(turn)

    def _store(self, turn: Turn) -> None:
        """Write the turn; then let its attempts and children run."""
        now = self.clock.now()
        self._take_along(turn)
        for name in {change.step.name for change in turn.changes}:
            self._timers.follow(self._ledger[name], self._attempts.step(name), now)
        if not turn:
            self._rest()
            return
        self._storing += 1

        def stored(reply: Reply[Any]) -> None:
            self._storing -= 1
            if not self._is_stored(turn, reply):
                return
            self._trace.stored(self._execution, turn.changes)
            for key in turn.submitted:
                self._submit(key)
            for child in turn.children:
                self.cast.run_queue.tell(m.Enqueue(child))
            self._rest()

        self.commit(turn.change(self._key), stored)

    def _take_along(self, turn: Turn) -> None:
        """Have the turn store what steps have sent, as far as it is not known to be stored.

        Nothing is stored twice: each of these events has its idempotency key.
        """
        if turn.only_emits:
            self._unsure |= {each.arrival.idempotency_key: each for each in turn.emitted}
        else:
            turn.emitted = list(self._unsure.values())

    def _is_stored(self, turn: Turn, reply: Reply[Any]) -> bool:
        """Raises what the commit did, unless all that is lost goes with the next turn."""
        try:
            reply.get()
        except StorageUnavailable:
            if not turn.only_emits:
                raise
            return False
        for each in turn.emitted:
            self._unsure.pop(each.arrival.idempotency_key, None)
        return True

    def _submit(self, key: r.AttemptKey) -> None:
        unwanted = self._ending is not None and not self._attempts.step(key.step).handles_failure
        if not self._is_current(key) or unwanted:
            self.ref.tell(r.StepRaised(key, outcome.UNWANTED))
        else:
            self._attempts.submit(key, self._ledger)

    def _let_go(self, state: StepState) -> None:
        """Have whoever works for a step stop."""
        if state.awaited.child_id is not None:
            message = m.CancelExecution(state.awaited.child_id, "its parent does not want it")
            self.request(self.cast.run_queue, message, lambda _: None)
        elif state in self._ledger.running():
            self._attempts.cancel(self._attempts.key(state))

    # How it rests

    def _rest(self) -> None:
        """When no step runs: leave what waits to its time, or to the server's next start."""
        if self._over or self._ending is not None or self._storing or self._unheard:
            return
        if self._ledger.running():
            return
        if self._draining:
            self.ref.stop(block=False)
        elif waits := self._ledger.open():
            wake_at = self._timers.nearest()
            retries = self._ledger.retrying()
            patience = timers.PARK_RETRY_AFTER if retries else timers.PARK_AFTER
            if wake_at is None or wake_at > self.clock.now() + patience:
                self._park(wake_at, frozenset(step.name for step in waits))

    def _park(self, wake_at: datetime | None, steps: frozenset[str]) -> None:
        self.hold()

        def stored(reply: Reply[Any]) -> None:
            self.release()
            reply.get()
            waiting = replace(self._execution, status=ExecutionStatus.WAITING, wake_at=wake_at)
            self._over = self._parked = True
            self.cast.run_queue.tell(m.ExecutionParked(waiting, steps))
            self.ref.stop(block=False)

        parked = Parked(wake_at, len(steps), self.clock.now())
        self.commit(AdvanceExecution(self._key, parked=parked), stored)

    # How it ends

    def _stop_steps(self, status: ExecutionStatus, error: Failure | None, turn: Turn) -> None:
        if self._ending is not None or self._over:
            return
        self._ending = Ended(self.clock.now(), status, error=error)
        for step in [*self._ledger.running(), *self._ledger.waiting()]:
            self._let_go(step)
        alone = [step for step in self._ledger.waiting() if step.awaited.child_id is None]
        turn.changes.extend(self._outcomes.cancelled(alone, outcome.UNWANTED).changes)
        if not self._is_over():
            self._timers.set("deaf", timers.DEAF_AFTER, timers.Deaf())
        self._go_on(turn)

    def _may_start(self) -> bool:
        return self._ending is None and not self._draining

    def _is_over(self) -> bool:
        if self._ending is not None:
            return not self._ledger.running() and not self._ledger.waiting()
        return self._ledger.is_over()

    def _end(self, turn: Turn) -> None:
        now = self.clock.now()
        if self._ending is None:
            self._finish(turn, *outcome.outcome_of(self._ledger, now))
            return
        if self._ending.status is ExecutionStatus.TIMED_OUT and self._starts.begin_handler(
            turn, now
        ):
            self._store(turn)
            return
        turn.changes.extend(self._outcomes.cancelled(self._ledger.open(), outcome.UNWANTED).changes)
        ended = replace(self._ending, at=now)
        self._finish(turn, ended, outcome.ending_data(ended, self._reason))

    def _end_with(self, turn: Turn, failure: Failure) -> None:
        ended = Ended(self.clock.now(), ExecutionStatus.FAILED, error=failure)
        self._finish(turn, ended, {"step": None, "error": error_data(failure)})

    def _finish(self, turn: Turn, ended: Ended, data: Mapping[str, Any]) -> None:
        self._over = True
        self._take_along(turn)
        turn.events.extend(ended_events(self._execution, ended, data))

        def stored(reply: Reply[Any]) -> None:
            reply.get()
            self._at_last.set(ended.status)
            self._trace.stored(self._execution, turn.changes, ended)
            self._leave()

        self.commit(turn.change(self._key, ended), stored)

    def _leave(self) -> None:
        self._over = True
        schedule_id = self._execution.schedule_id
        message = m.ExecutionEnded(self._key, schedule_id, self._execution.parent)
        self.cast.run_queue.tell(message)
        if schedule_id is not None:
            self.cast.schedules.tell(DeliverIfAwake(schedule_id, message))
        self.ref.stop(block=False)

    # Small things

    def _open(self, name: str) -> StepState | None:
        """A step that has begun and not ended."""
        state = None if self._over else self._ledger.get(name)
        return None if state is None or state.has_ended else state

    def _is_current(self, key: r.AttemptKey) -> bool:
        state = self._open(key.step)
        running = state is not None and state.status is StepStatus.RUNNING
        return running and state is not None and state.number == key.number

    def _limit_attempt(self, key: r.AttemptKey, passed: timedelta) -> None:
        timeout = self._attempts.step(key.step).timeout
        if timeout is not None:
            left = max(timedelta(0), timeout - passed)
            due = self.clock.monotonic() + left.total_seconds()
            self._timers.set(f"attempt {key.step}", left, timers.StepOverdue(key, due))

    def _extend_attempt(self, overdue: timers.StepOverdue) -> bool:
        """Whether an attempt gets more time, once: the server was stopped while its own passed.

        What it has come to may be waiting to be read, and a step on a thread was stopped, too.
        """
        late = timedelta(seconds=self.clock.monotonic() - overdue.due)
        timeout = self._attempts.step(overdue.key.step).timeout
        if overdue.is_extended or timeout is None or late < timers.STOPPED_FOR:
            return False
        again = overdue._replace(is_extended=True)
        self._timers.set(f"attempt {overdue.key.step}", min(late, timeout), again)
        return True

    def _set_timeout(self) -> timedelta:
        """Have the execution end when its time is over; how much is left."""
        timeout, began = self._execution.options.timeout, self._execution.started_at
        if timeout is None or began is None:
            return timedelta.max
        return self._timers.at(
            "execution", began + timeout, self.clock.now(), timers.ExecutionOverdue()
        )
