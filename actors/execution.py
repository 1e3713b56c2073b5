"""One execution: runs the steps of its workflow in the order of their graph, and stores how far it is.

An actor on the loop that lives while the execution runs; when all that is left to do is to wait, it
parks the execution and ends. An attempt is recorded before it is given to a runner; a finished step is
never run again, also across a crash of this actor or of the server. Takes `BeginExecution`, `Wake`, the
reports of runners, `CancelExecution`, `Drain` and `Interrupt`; tells `ExecutionParked` and
`ExecutionEnded` to the run queue, and the latter to its schedule.
"""

from datetime import timedelta
from typing import Any

from quarterjack.storage import ExecutionStatus, Failure, StepStatus
from quarterjack.storage.execution_changes import AdvanceExecution
from quarterjack.storage.plain_data import pack
from quarterjack.storage.statuses import refused
from quarterjack.storage.step_queries import ChildEnd, StepFound
from quarterjack.storage.step_queries import step as stored_step

from . import execution_outcome as outcome
from . import execution_timers as timers
from . import messages as m
from . import runner as r
from .engine import Reply, handles
from .execution_course import ExecutionCourse
from .step import AwaitEvent, RunWorkflow
from .step_ledger import StepState
from .turn import Turn


class ExecutionActor(ExecutionCourse):
    """The actor of the execution `key`."""

    def on_start(self) -> None:
        if self.restarted:
            self._load()

    def on_failure(self, *_: Any) -> None:
        self.on_stop()

    # What it is told

    @handles(m.BeginExecution)
    def begin(self, message: m.BeginExecution) -> None:
        if self._begun:
            return
        self._execution = message.execution
        if message.fresh and message.execution.retry_of is None:
            self._begun = True
            self._set_out(Turn(), None)
        else:
            self._load()

    @handles(m.Wake)
    def wake(self, message: m.Wake) -> None:
        self.read(self._looked, stored_step, self._key, message.step)

    @handles(r.StepBegan)
    def step_began(self, message: r.StepBegan) -> None:
        if self._is_current(message.key):
            self._limit_attempt(message.key, timedelta(0))

    @handles(r.StepProgressed)
    def step_progressed(self, message: r.StepProgressed) -> None:
        if self._is_current(message.key):
            turn = self._outcomes.progressed(message.key.step, message.progress)
            if turn is not None:
                self._store(turn)

    @handles(timers.ProgressDue)
    def progress_due(self, message: timers.ProgressDue) -> None:
        progress = self._progress.due(message.step)
        if progress is not None and self._open(message.step) is not None:
            turn = self._outcomes.progressed(message.step, progress)
            if turn is not None:
                self._store(turn)

    @handles(r.StepEmitted)
    def step_emitted(self, message: r.StepEmitted) -> None:
        if self._is_current(message.key):
            self._store(self._outcomes.emitted(message.key.step, message.emission))

    @handles(r.StepReturned)
    def step_returned(self, message: r.StepReturned) -> None:
        if self._is_current(message.key):
            name, result = message.key.step, message.result
            self._go_on(self._outcomes.succeeded(name, result, message.output))

    @handles(r.StepSkipped)
    def step_skipped(self, message: r.StepSkipped) -> None:
        if self._is_current(message.key):
            self._go_on(self._outcomes.skipped(message.key.step, message.output))

    @handles(r.StepRaised)
    def step_raised(self, message: r.StepRaised) -> None:
        if not self._is_current(message.key):
            return
        name, failure, kinds, output = message.key.step, *message[1:]
        if self._ending is not None:
            self._go_on(self._outcomes.ended_unwanted(name, failure, output))
        else:
            self._go_on(self._outcomes.failed(name, failure, kinds=kinds, output=output))

    @handles(timers.StepOverdue)
    def step_overdue(self, message: timers.StepOverdue) -> None:
        if not self._is_current(message.key) or self._extend_attempt(message):
            return
        name, output = message.key.step, self._attempts.output(message.key)
        self._attempts.cancel(message.key)
        failure = outcome.step_timeout(self._attempts.step(name).timeout)
        if self._ending is not None:
            self._go_on(self._outcomes.ended_unwanted(name, failure, output))
        else:
            self._go_on(self._outcomes.timed_out(name, failure, output))

    @handles(timers.WaitOver)
    def wait_over(self, message: timers.WaitOver) -> None:
        state = self._open(message.step)
        if state is None or self._ending is not None:
            return
        if state.status is StepStatus.WAITING:
            self._waited(state)
        elif state.status is StepStatus.RETRYING and self._may_start():
            turn = Turn()
            self._starts.begin(state.name, turn, self.clock.now())
            self._go_on(turn)

    @handles(timers.TotalOverdue)
    def total_overdue(self, message: timers.TotalOverdue) -> None:
        state = self._open(message.step)
        if state is None or self._ending is not None:
            return
        for run in [*self._ledger.open_items(state.name), state]:
            self._let_go(run)
        self._go_on(self._outcomes.gave_up(state))

    @handles(timers.ExecutionOverdue)
    def execution_overdue(self, _: timers.ExecutionOverdue) -> None:
        error = outcome.execution_timeout(self._execution.options.timeout)
        self._stop_steps(ExecutionStatus.TIMED_OUT, error, Turn())

    @handles(m.CancelExecution)
    def cancel(self, message: m.CancelExecution) -> Any:
        if not self._begun:  # it was parked a moment ago
            self._load()
            return self.forward(self.ref, message)
        if self._parked:  # it leaves just now; the queue has been told, and knows the way
            return self.forward(self.cast.run_queue, message)
        if self._over:
            return self._at_last.map(self._too_late)
        if self._ending is not None:
            return None
        answer: Reply[Any] = Reply()

        def stored(reply: Reply[Any]) -> None:
            self._storing -= 1
            reply.pipe(answer)

        self._storing += 1
        self.commit(AdvanceExecution(self._key, stop_reason=message.reason), stored)
        self._reason = message.reason
        self._stop_steps(ExecutionStatus.CANCELLED, None, Turn())
        return answer

    def _too_late(self, status: ExecutionStatus) -> None:
        """A cancel that came when the end was being stored; it may have been one of that kind."""
        if status is not ExecutionStatus.CANCELLED:
            raise refused("execution", self._key, current=status, wanted=ExecutionStatus.CANCELLED)

    @handles(timers.Deaf)
    def deaf(self, _: timers.Deaf) -> None:
        error = Failure("StepDeaf", f"it was cancelled and did not end within {timers.DEAF_AFTER}")
        deaf = [*self._ledger.running(), *self._ledger.waiting()]
        self._go_on(self._outcomes.cancelled(deaf, error))

    @handles(m.Drain)
    def drain(self, _: m.Drain) -> None:
        self._draining = True
        self._rest()

    @handles(m.Interrupt)
    def interrupt(self, _: m.Interrupt) -> None:
        self._draining = True
        for step in self._ledger.running():
            self._let_go(step)
        self._store(self._outcomes.interrupted())

    # What it waited for

    def _waited(self, state: StepState) -> None:
        """The instant has come that a step waits for at the latest."""
        step = self._attempts.step(state.name)
        if isinstance(step.wait, AwaitEvent):
            failure = outcome.event_timeout(step.wait.event, step.timeout)
            self._go_on(self._outcomes.timed_out(state.name, failure))
        elif isinstance(step.wait, RunWorkflow):
            self._let_go(state)
            self._go_on(self._outcomes.timed_out(state.name, outcome.step_timeout(step.timeout)))
        else:
            self._go_on(self._outcomes.succeeded(state.name, pack(None)))

    def _looked(self, reply: Reply[Any]) -> None:
        """A step was said to have what it waits for."""
        found: StepFound | None = reply.get()
        state = None if found is None else self._open(found.step.name)
        if found is None or state is None or state.status is not StepStatus.WAITING:
            return
        if found.step.status is StepStatus.SUCCEEDED:
            self._ledger.adopt(found)
            self._trace.attempt(self._execution, state.name, found.step.attempts[-1])
            self._timers.follow(state, self._attempts.step(state.name), self.clock.now())
            self._go_on(Turn())
        elif found.child is not None and found.step.awaited.child_id == state.awaited.child_id:
            self._child_ended(state, found.child)

    @handles(m.ChildEnded)
    def child_ended(self, message: m.ChildEnded) -> None:
        self._unheard -= 1
        state = self._open(message.step)
        if state is not None and state.status is StepStatus.WAITING:
            self._child_ended(state, message.end)
        else:
            self._rest()

    def _child_ended(self, state: StepState, end: ChildEnd) -> None:
        failure = outcome.child_failure(str(state.awaited.child_id), end)
        if end.status is ExecutionStatus.SUCCEEDED:
            self._go_on(self._outcomes.succeeded(state.name, end.result))
        elif self._ending is not None:
            self._go_on(self._outcomes.ended_unwanted(state.name, failure, None))
        else:
            kinds = (failure.type, outcome.SUBWORKFLOW_FAILED)
            self._go_on(self._outcomes.failed(state.name, failure, kinds=kinds))
