"""Jitter and calendars: by how much an instant is put off, and whose days count when."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.simulation.driver import Call, Record
from tests.simulation.epochs import Epoch
from tests.simulation.evidence import EventRow, Evidence, FireRow
from tests.simulation.rules import SECOND, due_instants

CALENDAR = "calendar:"


class Calendars:
    """Which days calendars had at an instant; several answers, when nobody outside can know."""

    def __init__(self, record: Record) -> None:
        self._calls = [call for call in record.calls if call.kind == "calendar"]

    def of(self, config: dict[str, Any], at: int) -> list[frozenset[str]]:
        """The days that a schedule excludes through calendars."""
        names = [each for each in config.get("exclude", ()) if each.startswith(CALENDAR)]
        if not names:
            return [frozenset()]
        found = [self._days(name.removeprefix(CALENDAR), at) for name in names]
        return [frozenset().union(*each) for each in product(*found)]

    def _days(self, name: str, at: int) -> list[frozenset[str]]:
        """From its answer on, what a call brought holds; from its asking on, it may."""
        found: list[frozenset[str]] = [frozenset()]
        for call in self._calls:
            if call.key != name or call.at > at:
                continue
            days = frozenset(call.given["dates"])
            found = [days] if _is_over(call, at) else [*found, days]
        return found


def _is_over(call: Call, at: int) -> bool:
    return call.answer is not None and not call.answer.error and call.answer.at < at


def check_jitter(rows: list[FireRow], epochs: list[Epoch], record: Record) -> Iterator[str]:
    """Of a schedule: within its bounds, the same whenever somebody looks, and not one for all."""
    seen = [each for each in record.seen.items() if rows and each[0].schedule == rows[0].schedule]
    offsets = {row.due: row for row in rows if row.reason != "catchUpWindow"}
    for row in rows:
        mine = _of(row, epochs) or epochs  # the clock may have been set back
        most = max((int(each.config.get("jitter", 0)) for each in mine), default=0) * SECOND
        if not 0 <= row.jitter <= most:
            yield f"{row} is put off by more than {most}"
    for look, at in seen:
        found = offsets.get(look.due)
        if found is None or found.through is not None or found.jitter == look.offset:
            continue
        mine = _of(found, epochs)
        is_clear = len(mine) == 1 and mine[0].begin < at
        if is_clear and _is_alone(look.due, mine[0]):
            yield f"{found} was to be put off by {look.offset}"
    put_off = [row.jitter for row in rows if row.through is None and row.jitter]
    if len(put_off) >= _MANY and len(set(put_off)) == 1:
        yield f"all instants are put off by {put_off[0]}"


_MANY = 5


def _of(row: FireRow, epochs: list[Epoch]) -> list[Epoch]:
    """The epochs that may have decided about it."""
    return [each for each in epochs if each.begin <= row.decided and each.end >= row.due]


def _is_alone(due: int, epoch: Epoch) -> bool:
    """Whether nothing before it can be put off so far that it has to wait for that."""
    longest = int(epoch.config.get("jitter", 0)) * SECOND
    return not any(due_instants(epoch.config, epoch.anchor, due - longest - 1, due))


def check_lateness(evidence: Evidence) -> Iterator[str]:
    """What is said of an execution's lateness is what its row says."""
    rows = {row.execution: row for fires in evidence.fires.values() for row in fires}
    for event in evidence.events:
        if event.type == "schedule.triggered" and event.execution in rows:
            yield from _lateness(event, rows[event.execution])


def _lateness(event: EventRow, row: FireRow) -> Iterator[str]:
    told = event.data.get("lateness")
    if told is not None and abs(told - row.late / SECOND) > 1e-6:
        yield f"{event.execution} is told to be {told} s late, its row says {row.late / SECOND}"
