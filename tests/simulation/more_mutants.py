"""Mistakes in what only half of the seeds have: workflows as steps, and steps for each item of a list."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from quarterjack.actors import messages as m
from quarterjack.actors.engine import DeliverIfAwake
from quarterjack.actors.execution_course import ExecutionCourse
from quarterjack.actors.mapped_items import MappedItems
from quarterjack.actors.run_queue import RunQueue
from quarterjack.actors.step_ledger import StepLedger, StepState
from quarterjack.actors.step_starts import StepStarts
from tests.simulation.mutants import MUTANTS, mutant

__all__ = ["MUTANTS"]


@mutant("the end of a sub-workflow is not looked at when its parent goes on")
def _() -> Any:
    real = ExecutionCourse._resume

    def resume(self: ExecutionCourse, turn: Any, _: Any, **more: Any) -> None:
        real(self, turn, {}, **more)

    return patch.object(ExecutionCourse, "_resume", resume)


@mutant("a sub-workflow goes on when its parent is cancelled")
def _() -> Any:
    real = ExecutionCourse._let_go

    def let_go(self: ExecutionCourse, state: StepState) -> None:
        if state.awaited.child_id is None:
            real(self, state)

    return patch.object(ExecutionCourse, "_let_go", let_go)


@mutant("who was begun again only to be cancelled does not hear of its sub-workflow's end")
def _() -> Any:
    def wake(self: RunQueue, message: m.Wake) -> None:
        running = self._running.get(message.execution_id)
        if running is not None:
            running.woken.add(message.step)
            self.cast.executions.tell(DeliverIfAwake(message.execution_id, message))
        elif parked := self._parked.take(message.execution_id):
            self._requeue(parked)
            self._start_some()

    return patch.object(RunQueue, "wake", wake)


@mutant("a sub-workflow gets the first item instead of its own")
def _() -> Any:
    real = StepStarts._child_params

    def first(self: StepStarts, name: str, step: Any) -> Any:
        bare, bracket, _ = name.partition("[")
        return real(self, f"{bare}[0]" if bracket else name, step)

    return patch.object(StepStarts, "_child_params", first)


@mutant("more items of a list at once than may be")
def _() -> Any:
    real = MappedItems.ready

    def ready(self: MappedItems, _: int | None) -> Iterator[str]:
        return real(self, None)

    return patch.object(MappedItems, "ready", ready)


@mutant("results of items are in another order than their list")
def _() -> Any:
    real = StepLedger.items

    def items(self: StepLedger, name: str) -> list[StepState]:
        return real(self, name)[::-1]

    return patch.object(StepLedger, "items", items)


@mutant("an item that failed ends the others' step")
def _() -> Any:
    real = MappedItems.are_through

    def are_through(self: MappedItems) -> bool:
        return real(self) or (not self._open and len(self._waiting) < len(self.values))

    return patch.object(MappedItems, "are_through", are_through)
