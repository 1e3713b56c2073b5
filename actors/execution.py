"""One execution: runs the steps of its workflow in the order of their graph, and stores how far it is.

An actor on the loop that lives while the execution runs. An attempt is recorded before it is given to
a runner; a finished step is never run again, also across a crash of this actor or of the server.
Takes `BeginExecution`, the reports of runners, `CancelExecution`, `Drain` and `Interrupt`; tells
`ExecutionEnded` to the run queue and to its schedule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from quarterjack.storage import (
    Event,
    Execution,
    ExecutionId,
    ExecutionStatus,
    Failure,
    Progress,
    Retry,
)
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started, StepChange
from quarterjack.storage.queries import Resumable, resumable

from . import execution_timers as timers
from . import messages as m
from . import runner as r
from .cast_member import CastMember
from .engine import DeliverIfAwake, Reply, handles
from .environment import Environment
from .execution_events import ended_events, error_data, started_event, step_event
from .execution_outcome import ending_data, outcome_of, workflow_changed, workflow_missing
from .step_attempts import StepAttempts
from .step_ledger import INTERRUPTED, STOPPED, StepLedger
from .workflow import Workflow


class ExecutionActor(CastMember):
    """The actor of the execution `key`."""

    def __init__(self, environment: Environment, key: ExecutionId) -> None:
        super().__init__(environment)
        self._key = key
        self._execution: Execution
        self._ledger: StepLedger
        self._workflow: Workflow | None = None
        self._attempts: StepAttempts
        self._ending: Ended | None = None
        self._reason = ""
        self._draining = False
        self._over = False
        self._timers = timers.ExecutionTimers(self.send_after)
        self._progress = timers.ProgressThrottle(self._timers)

    def on_start(self) -> None:
        if self.restarted:
            self._load()

    def on_stop(self) -> None:
        self._timers.stop_all()

    def on_failure(self, *_: Any) -> None:
        self.on_stop()

    @handles(m.BeginExecution)
    def begin(self, message: m.BeginExecution) -> None:
        if self._workflow is not None or self._over:
            return
        self._execution = message.execution
        if not message.fresh:
            self._load()
            return
        self._find_workflow()
        self._started()

    @handles(r.StepBegan)
    def step_began(self, message: r.StepBegan) -> None:
        timeout = self._attempts.step(message.key.step).timeout
        if self._is_current(message.key) and timeout is not None:
            self._timers.set(f"step {message.key.step}", timeout, timers.StepOverdue(message.key))

    @handles(r.StepProgressed)
    def step_progressed(self, message: r.StepProgressed) -> None:
        if self._is_current(message.key):
            self._offer_progress(message.key.step, message.progress)

    @handles(timers.ProgressDue)
    def progress_due(self, message: timers.ProgressDue) -> None:
        progress = self._progress.due(message.step)
        if progress is not None and self._is_running(message.step):
            self._offer_progress(message.step, progress)

    @handles(r.StepReturned)
    def step_returned(self, message: r.StepReturned) -> None:
        if not self._is_current(message.key):
            return
        name, now = message.key.step, self.clock.now()
        changes, events = self._last_progress(name)
        began = self._ledger[name].attempts[-1].started_at
        changes.append(self._ledger.succeed(name, now, message.result))
        data = {"duration": (now - began).total_seconds(), "resultSize": len(message.result)}
        events.append(self._step_event("completed", name, data))
        self._go_on(changes, events)

    @handles(r.StepRaised)
    def step_raised(self, message: r.StepRaised) -> None:
        if self._is_current(message.key):
            self._failed(message.key.step, message.failure)

    @handles(timers.StepOverdue)
    def step_overdue(self, message: timers.StepOverdue) -> None:
        if not self._is_current(message.key):
            return
        self._attempts.cancel(message.key)
        timeout = self._attempts.step(message.key.step).timeout
        failure = Failure("StepTimeout", f"it took longer than {timeout}")
        self._failed(message.key.step, failure, timed_out=True)

    @handles(timers.RetryDue)
    def retry_due(self, message: timers.RetryDue) -> None:
        waiting = [step.name for step in self._ledger.retrying()]
        if message.step in waiting and self._may_start():
            self._advance([], [], start=[message.step])

    @handles(timers.ExecutionOverdue)
    def execution_overdue(self, _: timers.ExecutionOverdue) -> None:
        error = Failure(
            "ExecutionTimeout", f"it took longer than {self._execution.options.timeout}"
        )
        self._stop_steps(ExecutionStatus.TIMED_OUT, error)

    @handles(m.CancelExecution)
    def cancel(self, message: m.CancelExecution) -> None:
        self._reason = message.reason
        self._stop_steps(ExecutionStatus.CANCELLED, None)

    @handles(timers.Deaf)
    def deaf(self, _: timers.Deaf) -> None:
        for step in self._ledger.running():
            error = Failure(
                "StepDeaf", f"it was cancelled and did not end within {timers.DEAF_AFTER}"
            )
            self._advance([self._ledger.cancel(step.name, self.clock.now(), error)], [])
        self._end_if_over()

    @handles(m.Drain)
    def drain(self, _: m.Drain) -> None:
        self._draining = True
        self._leave_if_idle()

    @handles(m.Interrupt)
    def interrupt(self, _: m.Interrupt) -> None:
        self._draining = True
        error = Failure(STOPPED, "the server was stopped; the step runs again at its next start")
        changes = []
        for step in self._ledger.running():
            self._attempts.cancel(self._attempts.key(step))
            change, _wait = self._ledger.fail(
                step.name, self.clock.now(), error, Retry(), timed_out=False
            )
            changes.append(change)
        self._advance(changes, [], then=self._leave_if_idle)

    # How it begins

    def _find_workflow(self) -> None:
        self._workflow = self.environment.workflows.get(self._execution.workflow_id)
        self._ledger = StepLedger({} if self._workflow is None else self._workflow.graph)
        if self._workflow is not None:
            self._attempts = StepAttempts(
                self.environment, self._execution, self._workflow, self.ref.tell
            )

    def _started(self) -> None:
        now = self.clock.now()
        self._execution = replace(self._execution, started_at=now)
        started = Started(now, self.environment.boot_id)
        if self._workflow is None:
            self._no_workflow(started)
            return
        self._set_timeout()
        events = [started_event(self._execution, now)]
        self._advance([], events, start=self._ledger.ready(), started=started)

    def _load(self) -> None:
        self.hold()
        self.read(self._loaded, resumable, self._key)

    def _loaded(self, reply: Reply[Any]) -> None:
        found: Resumable = reply.get()
        self.release()
        self._execution = found.execution
        if self._execution.ended_at is not None:
            self._leave()
            return
        self._find_workflow()
        if self._execution.started_at is None:
            self._started()
            return
        started = Started(self._execution.started_at, self.environment.boot_id)
        if self._workflow is None:
            self._no_workflow(started)
            return
        self._ledger = StepLedger.resumed(self._workflow.graph, found)
        if unknown := self._ledger.unknown():
            self._end_with(workflow_changed(unknown), started)
            return
        self._set_timeout()
        self._resume(started)

    def _resume(self, started: Started) -> None:
        """Go on where it was: attempts that nobody runs any more count as lost."""
        now, changes = self.clock.now(), []
        for step in self._ledger.running():
            if self._attempts.in_flight(self._attempts.key(step)):
                continue
            who = "its execution's actor crashed" if self.restarted else "the server ended"
            error = Failure(INTERRUPTED, f"{who} while the step ran")
            retry = self._attempts.retry_of(step.name)
            change, _ = self._ledger.fail(step.name, now, error, retry, timed_out=False)
            changes.append(change)
        again = [step.name for step in self._ledger.retrying()]
        self._advance(changes, [], start=[*again, *self._ledger.ready()], started=started)
        self._end_if_over()

    def _no_workflow(self, started: Started) -> None:
        missing = workflow_missing(self._execution.workflow_id, self.environment.workflows)
        self._end_with(missing, started)

    # How it goes on

    def _failed(self, name: str, failure: Failure, *, timed_out: bool = False) -> None:
        now = self.clock.now()
        changes, events = self._last_progress(name)
        retry = self._attempts.retry_of(name)
        began = self._ledger[name].attempts[-1].started_at
        change, wait = self._ledger.fail(name, now, failure, retry, timed_out=timed_out)
        data: dict[str, Any] = {"error": error_data(failure)}
        if wait is None or self._ending is not None:
            data["duration"] = (now - began).total_seconds()
            kind = "failed"
        else:
            data["delay"] = wait.total_seconds()
            kind = "retrying"
            self._timers.set(f"retry {name}", wait, timers.RetryDue(name))
        events.append(self._step_event(kind, name, data))
        self._go_on([*changes, change], events)

    def _go_on(self, changes: list[StepChange], events: list[Event]) -> None:
        """After a step's attempt ended: begin what can begin, or end what is over."""
        start = self._ledger.ready() if self._may_start() else []
        if not start and self._is_over():
            self._end(changes, events)
            return
        self._advance(changes, events, start=start, then=self._leave_if_idle)

    def _advance(
        self,
        changes: Sequence[StepChange],
        events: Sequence[Event],
        *,
        start: Sequence[str] = (),
        started: Started | None = None,
        then: Any = None,
    ) -> None:
        """Store what changed together with the attempts that begin; then let those run."""
        now = self.clock.now()
        begun = [self._ledger.begin(name, now) for name in start]
        told = [self._step_event("started", name, {}) for name in start]
        keys = [self._attempts.key(self._ledger[name]) for name in start]
        change = AdvanceExecution(self._key, started, [*changes, *begun], events=[*events, *told])

        def stored(reply: Reply[Any]) -> None:
            reply.get()
            for key in keys:
                self._submit(key)
            if then is not None:
                then()

        self.commit(change, stored)

    def _submit(self, key: r.AttemptKey) -> None:
        if not self._is_current(key) or self._ending is not None:
            self.ref.tell(
                r.StepRaised(key, Failure("Cancelled", "it was cancelled before it began"))
            )
            return
        self._attempts.submit(key, self._ledger)

    def _tell_progress(self, name: str, progress: Progress) -> tuple[list[StepChange], list[Event]]:
        change = self._ledger.progress(name, progress)
        return [change], [self._step_event("progress", name, progress._asdict())]

    def _last_progress(self, name: str) -> tuple[list[StepChange], list[Event]]:
        progress = self._progress.take(name)
        self._timers.stop(f"step {name}")
        return ([], []) if progress is None else self._tell_progress(name, progress)

    def _offer_progress(self, name: str, progress: Progress) -> None:
        """Tell it, unless some was told a moment ago."""
        if self._progress.may_tell(name, progress):
            self._advance(*self._tell_progress(name, progress))

    # How it ends

    def _stop_steps(self, status: ExecutionStatus, error: Failure | None) -> None:
        if self._ending is not None or self._over:
            return
        now = self.clock.now()
        self._ending = Ended(now, status, error=error)
        for step in self._ledger.running():
            self._attempts.cancel(self._attempts.key(step))
        if self._ledger.running():
            self._timers.set("deaf", timers.DEAF_AFTER, timers.Deaf())
        self._end_if_over()

    def _may_start(self) -> bool:
        return self._ending is None and not self._draining

    def _is_over(self) -> bool:
        if self._ending is not None:
            return not self._ledger.running()
        return self._ledger.is_over()

    def _end_if_over(self) -> None:
        if not self._over and self._is_over():
            self._end([], [])

    def _end(self, changes: list[StepChange], events: list[Event]) -> None:
        now = self.clock.now()
        if self._ending is not None:
            ended = replace(self._ending, at=now)
            unwanted = Failure("Cancelled", "its execution was ended")
            for step in self._ledger.retrying():
                changes.append(self._ledger.cancel(step.name, now, unwanted))
            data = ending_data(ended, self._reason)
        else:
            ended, data = outcome_of(self._ledger, now)
        self._finish(changes, events, ended, data)

    def _end_with(self, failure: Failure, started: Started) -> None:
        ended = Ended(self.clock.now(), ExecutionStatus.FAILED, error=failure)
        data = {"step": None, "error": error_data(failure)}
        self._finish([], [], ended, data, started)

    def _finish(
        self,
        changes: Sequence[StepChange],
        events: Sequence[Event],
        ended: Ended,
        data: Mapping[str, Any],
        started: Started | None = None,
    ) -> None:
        self._over = True
        change = AdvanceExecution(
            self._key,
            started,
            changes,
            ended,
            [*events, *ended_events(self._execution, ended, data)],
        )

        def stored(reply: Reply[Any]) -> None:
            reply.get()
            self._leave()

        self.commit(change, stored)

    def _leave(self) -> None:
        schedule_id = self._execution.schedule_id
        message = m.ExecutionEnded(self._key, schedule_id)
        self.cast.run_queue.tell(message)
        if schedule_id is not None:
            self.cast.schedules.tell(DeliverIfAwake(schedule_id, message))
        self.ref.stop(block=False)

    def _leave_if_idle(self) -> None:
        """While draining: go when no step runs; the rest is for the next start."""
        if self._draining and not self._over and not self._ledger.running():
            self.ref.stop(block=False)

    # Small things

    def _step_event(self, what: str, name: str, data: Mapping[str, Any]) -> Event:
        return step_event(self._execution, what, self.clock.now(), self._ledger[name], data)

    def _is_current(self, key: r.AttemptKey) -> bool:
        return self._is_running(key.step) and self._ledger[key.step].number == key.number

    def _is_running(self, name: str) -> bool:
        return not self._over and any(step.name == name for step in self._ledger.running())

    def _set_timeout(self) -> None:
        timeout, began = self._execution.options.timeout, self._execution.started_at
        if timeout is not None and began is not None:
            left = max(timedelta(0), began + timeout - self.clock.now())
            self._timers.set("execution", left, timers.ExecutionOverdue())
