"""The supervisor of executions: starts an actor for each that runs, and survives every one of them.

An execution whose actor crashes too often is ended as failed, with the crash as its error.
"""

from functools import cached_property

from quarterjack.storage import Execution, ExecutionId, ExecutionStatus, Failure
from quarterjack.storage.execution_changes import AdvanceExecution, Ended
from quarterjack.storage.queries import execution as stored_execution

from .cast_member import ROOT
from .engine import ChildSpec, Intensity, Reply, Restart, VirtualActors, handles
from .engine.cell import Cell, ChildStopped
from .environment import Cast, Environment
from .execution import ExecutionActor
from .execution_events import ended_events, error_data
from .messages import BeginAgain, Commit, ExecutionEnded, WhenIdle

_INTENSITY = Intensity(restarts=5)


class Executions(VirtualActors):
    """Takes `Deliver` and `DeliverIfAwake` for executions by their id."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(self._spec_of, idle=None, intensity=_INTENSITY)
        self._environment = environment
        self._idle_askers: list[Reply[None]] = []

    def on_start(self) -> None:
        """After a crash, have those begun whose beginning was lost with it."""
        super().on_start()
        if self.restarted:
            self.cast.run_queue.tell(BeginAgain())

    @handles(WhenIdle)
    def when_idle(self, _: WhenIdle) -> Reply[None]:
        reply: Reply[None] = Reply()
        self._idle_askers.append(reply)
        self._answer_if_idle()
        return reply

    @handles(ChildStopped)
    def child_stopped(self, message: ChildStopped) -> None:
        super().child_stopped(message)
        self._answer_if_idle()

    def _answer_if_idle(self) -> None:
        if not self._children():
            askers, self._idle_askers = self._idle_askers, []
            for reply in askers:
                reply.set()

    @cached_property
    def cast(self) -> Cast:
        """The others."""
        return Cast(self.system, ROOT)

    def _spec_of(self, key: str) -> ChildSpec:
        return ChildSpec(
            key,
            lambda: ExecutionActor(self._environment, ExecutionId(key)),
            restart=Restart.TRANSIENT,
            kind="execution",
        )

    def gave_up(self, cell: Cell, error: BaseException) -> None:
        """End the execution as failed; nobody would believe that it still runs."""
        key = ExecutionId(cell.spec.id)
        self.stop_child(key)
        self.when(
            self._environment.reads(stored_execution, key), lambda reply: self._fail(reply, error)
        )

    def _fail(self, reply: Reply[Execution], crash: BaseException) -> None:
        execution = reply.get()
        failure = Failure(type(crash).__name__, f"the execution's actor crashed: {crash}")
        ended = Ended(self.clock.now(), ExecutionStatus.FAILED, error=failure)
        events = ended_events(execution, ended, {"error": error_data(failure), "step": None})
        change = AdvanceExecution(execution.id, ended=ended, events=events)
        message = ExecutionEnded(execution.id, execution.schedule_id, execution.parent)
        self.request(
            self.cast.state,
            Commit(change, from_cast=True),
            lambda _: self.cast.run_queue.tell(message),
        )
