"""A real run queue on virtual time, with ears where the others of the cast would be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sample import an_execution
from stage import Stage, supervisor

from quarterjack.actors.cast_member import ROOT
from quarterjack.actors.engine import Actor, ChildSpec, Deliver, DeliverIfAwake, Reply, handles
from quarterjack.actors.environment import Environment
from quarterjack.actors.messages import (
    BeginExecution,
    CancelExecution,
    Commit,
    Drain,
    Enqueue,
    ExecutionEnded,
    ExecutionParked,
    Wake,
)
from quarterjack.actors.run_queue import RunQueue
from quarterjack.actors.workflow import Workflow
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import (
    BootId,
    Execution,
    ExecutionId,
    ExecutionStatus,
    SeededIds,
    StepKey,
)
from quarterjack.storage.backlog import Backlog
from quarterjack.storage.queries import Unfinished


class Ear(Actor):
    """Writes down what it is told, and agrees to everything."""

    def __init__(self, heard: list[Any]) -> None:
        super().__init__()
        self._heard = heard

    @handles(Commit, Deliver, DeliverIfAwake)
    def hear(self, message: Any) -> str:
        self._heard.append(message)
        return "agreed"


class QueueStage:
    """`concurrency` executions at once; the workflow `narrow` takes two, `slow` starts one in 10 s."""

    def __init__(
        self,
        concurrency: int = 2,
        found: Backlog | None = None,
        seed: int | None = None,
        executions: Callable[[], Actor] | None = None,
        **options: Any,
    ) -> None:
        self.stage = Stage(seed)
        self.heard: dict[str, list[Any]] = {"state": [], "schedules": [], "executions": []}
        self.found = found or Backlog([], frozenset(), [])
        self.lost: list[ExecutionId] = []
        self.known: dict[str, Execution] = {}
        self.made: dict[str, Execution] = {}
        environment = self._environment(concurrency, options)
        ears = [self._ear("state", None), self._ear("schedules", None)]
        ears.append(self._ear("executions", executions))
        queue = ChildSpec("run-queue", lambda: RunQueue(environment))
        self.stage.start(supervisor(ROOT, [*ears, queue]))

    def _environment(self, concurrency: int, options: dict[str, Any]) -> Environment:
        return Environment(
            workflows=WorkflowBook(
                [
                    _one_step("w"),
                    _one_step("narrow", max_concurrency=2),
                    _one_step("slow", rate_limit="1/10s"),
                ]
            ),
            ids=SeededIds(1),
            boot_id=BootId("boot_2"),
            runners={},
            default_runner="inline",
            reads=self._read,
            concurrency=concurrency,
            **{"longest_sleep": None, **options},
        )

    def _ear(self, name: str, other: Callable[[], Actor] | None) -> ChildSpec:
        return ChildSpec(name, other or (lambda: Ear(self.heard[name])))

    def _read(self, query: Callable[..., Any], *arguments: Any) -> Reply[Any]:
        if query.__name__ == "backlog":
            return Reply.of(self.found)
        if query.__name__ == "queued_before":
            return Reply.of(self.lost)
        reply: Reply[Any] = Reply()
        found = self.known.get(arguments[0])
        if found is None:
            reply.set_exception(LookupError(arguments[0]))
        else:
            reply.set(found)
        return reply

    # What the others say to the queue

    def tell(self, *messages: Any) -> None:
        self.stage.tell(f"{ROOT}/run-queue", *messages)

    def enqueue(self, *names: str, schedule: str | None = None, **changes: Any) -> None:
        for name in names:
            self.made[name] = self.execution(name, schedule, **changes)
            self.tell(Enqueue(self.made[name]))

    def execution(self, name: str, schedule: str | None = None, **changes: Any) -> Execution:
        return an_execution(name, schedule, **{"queued_at": self.stage.clock.now(), **changes})

    def park(self, name: str, *steps: str, after: float | None = None) -> None:
        """All of its steps wait; it goes on by itself after so many seconds."""
        now = self.stage.clock.now()
        wake_at = None if after is None else now + timedelta(seconds=after)
        parked = replace(self.made[name], status=ExecutionStatus.WAITING, wake_at=wake_at)
        self.tell(ExecutionParked(parked, frozenset(steps)))

    def end(self, *names: str, parent: StepKey | None = None) -> None:
        for name in names:
            self.tell(ExecutionEnded(ExecutionId(name), None, parent))

    def wake(self, name: str, step: str = "nap") -> None:
        self.tell(Wake(ExecutionId(name), step))

    def cancel(self, name: str) -> Reply[Any]:
        queue = self.stage.ref(f"{ROOT}/run-queue")
        answer: Reply[Any] = queue.ask(CancelExecution(ExecutionId(name), "a test"))
        self.stage.run()
        return answer

    def drain(self) -> None:
        self.tell(Drain())

    # What comes of it

    def began(self) -> list[str]:
        """Which were begun since the last look; `+` marks those that had begun before."""
        heard, self.heard["executions"][:] = list(self.heard["executions"]), []
        return [
            each.key + ("" if each.message.fresh else "+")
            for each in heard
            if type(each.message) is BeginExecution
        ]

    def told(self, kind: type[Any]) -> list[Any]:
        """The messages of a kind for executions, with how they were sent."""
        return [each for each in self.heard["executions"] if type(each.message) is kind]

    def counts(self) -> dict[str, int]:
        queue = self.stage.ref(f"{ROOT}/run-queue")
        answer = queue.proxy().counts()
        self.stage.run()
        return dict(answer.get())


def _one_step(name: str, **options: Any) -> Workflow:
    made = Workflow(name, **options)

    @made.step
    def work() -> None: ...

    return made


def unfinished(*executions: Execution) -> list[Unfinished]:
    """What a start finds: those that are not queued belong to a run of before."""
    return [
        Unfinished(each, None if each.status is ExecutionStatus.QUEUED else BootId("boot_1"))
        for each in executions
    ]
