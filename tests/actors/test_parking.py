"""Executions that park, with a stand-in for their actors: no wake is lost, in whatever order."""

from dataclasses import replace
from functools import cached_property
from random import Random
from typing import Any

import pytest
from queue_stage import QueueStage

from quarterjack.actors.cast_member import ROOT
from quarterjack.actors.engine import Actor, ChildSpec, Reply, Restart, VirtualActors, handles
from quarterjack.actors.environment import Cast
from quarterjack.actors.messages import (
    BeginExecution,
    CancelExecution,
    Commit,
    Enqueue,
    ExecutionEnded,
    ExecutionParked,
    Wake,
)
from quarterjack.storage import Execution, ExecutionId, ExecutionStatus

STEPS = frozenset({"one", "two", "three"})


class Dozer(Actor):
    """Parks while what is stored lacks a step, and is deaf to wakes: it looks only when it begins."""

    def __init__(self, stored: dict[str, set[str]], ended: list[str]) -> None:
        super().__init__()
        self._stored = stored
        self._ended = ended
        self._execution: Execution | None = None
        self._over = False

    @cached_property
    def cast(self) -> Cast:
        return Cast(self.system, ROOT)

    @handles(BeginExecution)
    def begin(self, message: BeginExecution) -> None:
        if self._execution is not None:
            return
        self._execution = execution = message.execution
        left = STEPS - self._stored.setdefault(execution.id, set())
        if not left:
            self._end(execution)
            return
        self.request(self.cast.state, Commit(None), lambda _: self._park(execution, left))  # type: ignore[arg-type]

    @handles(Wake)
    def wake(self, _: Wake) -> None: ...

    @handles(CancelExecution)
    def cancel(self, _: CancelExecution) -> str:
        assert self._execution is not None, "it is begun before it is cancelled"
        self._end(self._execution)
        return "cancelled"

    def _park(self, execution: Execution, left: frozenset[str]) -> None:
        if self._over:
            return
        parked = replace(execution, status=ExecutionStatus.WAITING)
        self._over = True
        self.cast.run_queue.tell(ExecutionParked(parked, left))
        self.stop()

    def _end(self, execution: Execution) -> None:
        self._over = True
        self._ended.append(execution.id)
        self.cast.run_queue.tell(ExecutionEnded(execution.id, None))
        self.stop()


class Dormitory:
    """A queue with dozers; what is stored outlives them."""

    def __init__(self, seed: int) -> None:
        self.stored: dict[str, set[str]] = {}
        self.ended: list[str] = []
        self.queue = QueueStage(
            seed=seed, executions=lambda: VirtualActors(self._spec_of, idle=None)
        )
        self.ref = self.queue.stage.ref(f"{ROOT}/run-queue")

    def _spec_of(self, key: str) -> ChildSpec:
        return ChildSpec(key, lambda: Dozer(self.stored, self.ended), restart=Restart.TRANSIENT)

    def enqueue(self, name: str) -> None:
        self.ref.tell(Enqueue(self.queue.execution(name)))

    def finish(self, name: str, step: str) -> None:
        """Store that a step is done, and then wake the execution."""
        self.stored.setdefault(name, set()).add(step)
        self.ref.tell(Wake(ExecutionId(name), step))

    def cancel(self, name: str) -> Reply[Any]:
        return self.ref.ask(CancelExecution(ExecutionId(name), "a test"))

    def run_a_bit(self, chance: Random) -> None:
        """Let some of those that are ready have a turn."""
        ready = [cell for cell in map(self._cell, self.queue.stage.paths()) if cell.has_work()]
        for cell in chance.sample(ready, k=min(len(ready), chance.randrange(4))):
            cell.run(1)

    def _cell(self, path: str) -> Any:
        return self.queue.stage.ref(path).cell


@pytest.mark.parametrize("seed", range(60))
def test_each_goes_on_until_all_its_steps_are_done(seed: int) -> None:
    chance, dormitory = Random(seed), Dormitory(seed)
    names = [f"exe_{number}" for number in range(5)]
    for name in names:
        dormitory.enqueue(name)
    wakes = [(name, step) for name in names for step in sorted(STEPS)]
    chance.shuffle(wakes)

    for name, step in wakes:
        dormitory.run_a_bit(chance)
        dormitory.finish(name, step)
    dormitory.queue.stage.run()

    assert sorted(dormitory.ended) == names
    assert dormitory.queue.counts() == {"running": 0, "waiting": 0, "parked": 0}
    assert dormitory.queue.stage.system.dead_letters.counts == {}


@pytest.mark.parametrize("seed", range(60))
def test_one_can_be_cancelled_at_any_moment(seed: int) -> None:
    chance, dormitory = Random(seed), Dormitory(seed)
    for name in ("a", "b", "c"):
        dormitory.enqueue(name)
    dormitory.queue.stage.run()
    for _ in range(chance.randrange(8)):
        dormitory.finish("a", chance.choice(["one", "two"]))
        dormitory.run_a_bit(chance)

    answer = dormitory.cancel("a")
    dormitory.queue.stage.run()

    assert answer.get() == "cancelled"
    assert dormitory.ended == ["a"]
    assert dormitory.queue.counts() == {"running": 0, "waiting": 0, "parked": 2}
