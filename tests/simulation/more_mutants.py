"""Mistakes in what only half of the seeds have: workflows as steps, jitter, calendars, backfills."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

from quarterjack.actors import backfill
from quarterjack.actors.backfill_lanes import BackfillLanes
from quarterjack.actors.execution_course import ExecutionCourse
from quarterjack.actors.fire_decisions import Deciding
from quarterjack.actors.mapped_items import MappedItems
from quarterjack.actors.policies.timetable import Occurrence, Timetable
from quarterjack.actors.step_ledger import StepLedger, StepState
from quarterjack.actors.step_starts import StepStarts
from quarterjack.storage import ExecutionStatus, Fire, Schedule, backfills
from quarterjack.storage.queries import decided_since
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


@mutant("by how much an instant is put off is drawn anew each time")
def _() -> Any:
    drawn = count(1)

    def occurrence(self: Timetable, due: datetime) -> Occurrence:
        return Occurrence(due, due + self._config.jitter * (next(drawn) * 0.37 % 1))

    return patch.object(Timetable, "occurrence", occurrence)


@mutant("jitter goes beyond its bound")
def _() -> Any:
    real = Timetable.occurrence

    def occurrence(self: Timetable, due: datetime) -> Occurrence:
        return Occurrence(due, due + 2 * real(self, due).jitter)

    return patch.object(Timetable, "occurrence", occurrence)


@mutant("jitter counts as lateness")
def _() -> Any:
    real = Deciding._row

    def row(self: Deciding, *given: Any, **more: Any) -> Fire:
        return replace(real(self, *given, **more), jitter=timedelta(0))

    return patch.object(Deciding, "_row", row)


@mutant("a schedule keeps to the days that a calendar had first")
def _() -> Any:
    real, first = Timetable.of, dict[tuple[str, str], Any]()

    def of(schedule: Schedule, calendars: Mapping[str, Any] | None = None) -> Timetable:
        key = f"{schedule.created_at} {schedule.id}"
        known = {
            name: first.setdefault((key, name), days) for name, days in (calendars or {}).items()
        }
        return real(schedule, known)

    return patch.object(Timetable, "of", of)


@mutant("excluded days are those of UTC")
def _() -> Any:
    def excluded_by(self: Timetable, due: datetime) -> str | None:
        return self._exclusions.entry_for(due.date())

    return patch.object(Timetable, "excluded_by", excluded_by)


@mutant("a backfill makes executions of excluded days")
def _() -> Any:
    return patch.object(Timetable, "firing_from", Timetable.from_)


@mutant("a cancelled backfill goes on")
def _() -> Any:
    return patch.object(BackfillLanes, "end", lambda *_: None)


@mutant("a backfill counts failures as successes")
def _() -> Any:
    return patch.dict(backfills._COUNTED_AS, {ExecutionStatus.FAILED: "succeeded"})


@mutant("a backfill leaves out what the ledger has a row of")
def _() -> Any:
    from quarterjack.storage.backfills import ledger as real

    def ledger(reader: Any, key: Any, first: datetime, last: datetime) -> Any:
        found = real(reader, key, first, last)
        return found._replace(executed=found.executed | decided_since(reader, key, first))

    return patch.object(backfill, "ledger", ledger)
