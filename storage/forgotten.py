"""What a schedule's counters count of executions that were deleted, so that a recount is as true as they.

Noted in the transaction that deletes them, one fact for each schedule that is still there.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final, NamedTuple

from peewee import JOIN, SQL, Select, fn

from .statements import Statement, listed
from .statuses import FAILED, ExecutionStatus, Trigger
from .tables import FactRow, ScheduleRow
from .transaction import Transaction

_PREFIX: Final = "forgotten/"
_KNOWN = Statement(
    lambda slot: (
        ScheduleRow.select(ScheduleRow.id, FactRow.value)
        .join(FactRow, JOIN.LEFT_OUTER, on=(FactRow.name == SQL(f'\'{_PREFIX}\' || "t1"."id"')))
        .where(ScheduleRow.id.in_(listed(slot("ids"))))
    )
)
_NOTE = Statement(
    lambda slot: FactRow.insert_from(
        Select([fn.json_each(slot("facts"))], [SQL("key"), SQL("value")]),
        [FactRow.name, FactRow.value],
    ).on_conflict_replace()
)
_READ = Statement(lambda slot: FactRow.select(FactRow.value).where(FactRow.name == slot("name")))
_DELETE = Statement(lambda slot: FactRow.delete().where(FactRow.name == slot("name")))


class Gone(NamedTuple):
    """An execution that is deleted; instants are microseconds."""

    schedule_id: str
    status: str
    is_of_backfill: bool
    has_due: bool
    trigger: str
    started_at: int | None
    ended_at: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Sums over them, and when (in microseconds; 0: never) the last of a kind has ended."""

    executions: int = 0
    succeeded: int = 0
    failed: int = 0
    duration_sum: int = 0
    runs: int = 0
    ended_at: int = 0
    failed_at: int = 0
    streak_failed_at: int = 0
    """Without those of backfills, which make no streak and end none."""
    streak_succeeded_at: int = 0

    def __bool__(self) -> bool:
        return self.executions > 0

    def and_one(self, gone: Gone) -> "Forgotten":
        """With one more."""
        failed = gone.status in FAILED
        succeeded = gone.status == ExecutionStatus.SUCCEEDED
        at, own = gone.ended_at, not gone.is_of_backfill
        started_at = at if gone.started_at is None else gone.started_at
        return Forgotten(
            self.executions + 1,
            self.succeeded + succeeded,
            self.failed + failed,
            self.duration_sum + at - started_at,
            self.runs + (gone.has_due and gone.trigger != Trigger.BACKFILL),
            max(self.ended_at, at),
            max(self.failed_at, at * failed),
            max(self.streak_failed_at, at * (failed and own)),
            max(self.streak_succeeded_at, at * (succeeded and own)),
        )


def remember(transaction: Transaction, gone: Sequence[Gone]) -> None:
    """Note what these count for their schedules."""
    if not gone:
        return
    ids = json.dumps(sorted({each.schedule_id for each in gone}))
    known = {
        key: _of(value) for key, value in transaction.read(_KNOWN, {"ids": ids})
    }  # a schedule that was deleted counts nothing
    for each in gone:
        if each.schedule_id in known:
            known[each.schedule_id] = known[each.schedule_id].and_one(each)
    if known:
        facts = {_PREFIX + key: json.dumps(astuple(each)) for key, each in known.items()}
        transaction.write(_NOTE, {"facts": json.dumps(facts)})


def forgotten(transaction: Transaction, schedule_id: str) -> Forgotten:
    """What was noted for a schedule."""
    found = transaction.read(_READ, {"name": _PREFIX + schedule_id})
    return _of(found[0][0] if found else None)


def forget(transaction: Transaction, schedule_id: str) -> None:
    """The schedule itself is deleted."""
    transaction.write(_DELETE, {"name": _PREFIX + schedule_id})


def _of(value: str | None) -> Forgotten:
    return Forgotten() if value is None else Forgotten(*json.loads(value))
