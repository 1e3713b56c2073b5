"""Deletes what is old or too many, in small transactions: each change deletes a limited number of rows, looks
into a limited number of places, ends when its time is over, and says where the next one goes on.

Kept, however old: executions that have not ended and those that they have begun, the newest of each
workflow if so many are to be kept, events that an enabled webhook has not got yet, messages that are still
to be sent, and the newest event, because numbers go on from it. Statistics and what schedules have
counted stay.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final, NamedTuple

from peewee import fn

from . import old_records
from .instants import to_micros
from .old_executions import delete_old
from .old_records import following, next_after
from .rounds import BEGIN, NOTHING, Bound, Looked, Place, Room, Stretch
from .statements import Statement
from .tables import ExecutionRow
from .transaction import Transaction

LOOKS: Final = 100
"""Workflows, schedules or webhooks that one change looks into."""
_ENDLESS: Final = 2**63 - 1
_row = ExecutionRow
_NEXT_WORKFLOW = following(_row.workflow_id)
_NTH_NEWEST = Statement(
    lambda slot: (
        _row.select(_row.queued_at)
        .where(_row.workflow_id == slot("workflow_id"))
        .order_by(_row.queued_at.desc())
        .limit(1)
        .offset(slot("place"))
    )
)

_QUEUED_THEN = Statement(
    lambda slot: _row.select(fn.count(_row.queued_at)).where(
        (_row.workflow_id == slot("workflow_id")) & (_row.queued_at == slot("queued_at"))
    )
)
"""A backfill's executions are all queued at one instant."""
_QUEUED_LATER = Statement(
    lambda slot: _row.select(fn.count(_row.queued_at)).where(
        (_row.workflow_id == slot("workflow_id")) & (_row.queued_at > slot("queued_at"))
    )
)
_NTH_ALIKE = Statement(
    lambda slot: (
        _row.select(_row.id)
        .where((_row.workflow_id == slot("workflow_id")) & (_row.queued_at == slot("queued_at")))
        .order_by(_row.id.desc())
        .limit(1)
        .offset(slot("place"))
    )
)
_NO_COUNT: Final = ("touched", "place")


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows a change has deleted, and where there may be more; None: there are no more."""

    executions: int = 0
    fires: int = 0
    events: int = 0
    audit: int = 0
    webhook_deliveries: int = 0
    backfills: int = 0
    touched: int = 0
    """Rows of all tables: an execution's steps, attempts and output are some, too."""
    place: Place | None = None

    def __str__(self) -> str:
        told = (f"{count:,} {name.replace('_', ' ')}" for name, count in self.counts().items())
        return ", ".join(told)

    @property
    def rows(self) -> int:
        """All together."""
        return sum(self.counts().values())

    @property
    def more(self) -> bool:
        """Whether there may be more to delete."""
        return self.place is not None

    def counts(self) -> dict[str, int]:
        """How many rows of what."""
        names = (each.name for each in fields(self) if each.name not in _NO_COUNT)
        return {name: getattr(self, name) for name in names}

    def __add__(self, other: "Pruned") -> "Pruned":
        theirs = other.counts()
        sums = {name: count + theirs[name] for name, count in self.counts().items()}
        return Pruned(**sums, touched=self.touched + other.touched, place=other.place)


@dataclass(frozen=True, slots=True)
class Keep:
    """What may go: what is older than `before`, and of each workflow what is more than `at_most`.

    The newest `newest` executions of each workflow stay, however old. Those that go because there are too
    many of them have ended before `settled`, so that who waits for an end can read it.
    """

    before: datetime | None = None
    newest: int = 0
    at_most: int | None = None
    settled: datetime | None = None


class Patience(NamedTuple):
    """For how many seconds, on that clock, a change may look for more."""

    clock: Callable[[], float]
    seconds: float


@dataclass(frozen=True, slots=True)
class Prune:
    """Delete up to `most` rows of what need not be kept, beginning at `place`.

    With what hangs on them they are about `effort` rows at most. With `workflow_id`, only executions of
    that workflow are looked at, and nothing else.
    """

    keep: Keep
    workflow_id: str | None = None
    most: int = 500
    place: Place = BEGIN
    effort: int = 5_000
    patience: Patience | None = None

    def apply(self, transaction: Transaction) -> Pruned:
        """Executions first, then the ledger, and what else tells of them."""
        found, place, is_over = Pruned(), self.place, _watch(self.patience)
        for _ in range(LOOKS):
            name, looked = self._look(transaction, place, found)
            found = replace(
                found,
                **{name: getattr(found, name) + looked.rows},
                touched=found.touched + looked.touched,
                place=looked.further or self._next_part(place),
            )
            if found.place in (None, place):
                break  # it is through, or there is no room for the next
            place = found.place
            if found.rows >= self.most or found.touched >= self.effort or is_over():
                break
        return found

    def _look(self, transaction: Transaction, place: Place, found: Pruned) -> tuple[str, Looked]:
        room = Room(self.most - found.rows, self.effort - found.touched, not found.touched)
        if place.part < len(_BOUNDS):
            return "executions", _BOUNDS[place.part](self, transaction, place, room)
        name, look = old_records.LOOKS[place.part - len(_BOUNDS)]
        if self.keep.before is None:
            return name, NOTHING
        return name, look(transaction, to_micros(self.keep.before), place, room)

    def _next_part(self, place: Place) -> Place | None:
        parts = len(_BOUNDS)
        if self.workflow_id is None:
            parts += len(old_records.LOOKS)
        return Place(place.part + 1) if place.part + 1 < parts else None

    def _by_age(self, transaction: Transaction, place: Place, room: Room) -> Looked:
        """The oldest of all workflows: they lie beside each other in the file, so few pages change."""
        if not self._is_by_age_alone or self.keep.before is None:
            return NOTHING
        bound = to_micros(self.keep.before)
        stretch = place.stretch or Stretch(None, (Bound(bound, bound),))
        deleted = delete_old(transaction, stretch, room)
        further = None if deleted.left is None else place._replace(stretch=deleted.left)
        return Looked(deleted.executions, deleted.rows, further)

    def _by_workflow(self, transaction: Transaction, place: Place, room: Room) -> Looked:
        stretch = place.stretch
        if stretch is None:
            if self._is_by_age_alone and self.keep.at_most is None:
                return NOTHING
            workflow_id = self.workflow_id or next_after(transaction, _NEXT_WORKFLOW, place.after)
            if workflow_id is None:
                return NOTHING
            stretch = Stretch(workflow_id, self._bounds(transaction, workflow_id))
        deleted = delete_old(transaction, stretch, room)
        further = None
        if deleted.left is not None:
            further = place._replace(stretch=deleted.left)
        elif self.workflow_id is None and stretch.workflow_id is not None:
            further = Place(place.part, stretch.workflow_id)
        return Looked(deleted.executions, deleted.rows, further)

    @property
    def _is_by_age_alone(self) -> bool:
        """Whether it does not matter of which workflow an old execution is."""
        return self.workflow_id is None and self.keep.newest == 0

    def _bounds(self, transaction: Transaction, workflow_id: str) -> tuple[Bound, ...]:
        keep, found = self.keep, []
        if keep.before is not None and not self._is_by_age_alone:
            bound = to_micros(keep.before)
            newest = _nth_newest(transaction, workflow_id, keep.newest)
            found.append(min(Bound(bound, bound), newest._replace(ended_before=bound)))
        if keep.at_most is not None and keep.settled is not None:
            newest = _nth_newest(transaction, workflow_id, keep.at_most)
            found.append(newest._replace(ended_before=to_micros(keep.settled)))
        return tuple(found)


_BOUNDS: Final = (Prune._by_age, Prune._by_workflow)
"""How executions are looked at, in this order."""


def _watch(patience: Patience | None) -> Callable[[], bool]:
    """What says whether the time is over, from now on."""
    if patience is None:
        return lambda: False
    clock, seconds = patience
    end = clock() + seconds
    return lambda: clock() > end


def _nth_newest(transaction: Transaction, workflow_id: str, count: int) -> Bound:
    """The last of so many newest executions: what was queued before it may go."""
    if count == 0:
        return Bound(_ENDLESS, _ENDLESS)
    key = {"workflow_id": workflow_id}
    found = transaction.read(_NTH_NEWEST, {**key, "place": count - 1})
    if not found:
        return Bound(0, _ENDLESS)
    at = {**key, "queued_at": found[0][0]}
    ((alike,),) = transaction.read(_QUEUED_THEN, at)
    if alike == 1:
        return Bound(found[0][0], _ENDLESS)
    ((newer,),) = transaction.read(_QUEUED_LATER, at)
    ((last,),) = transaction.read(_NTH_ALIKE, {**at, "place": count - 1 - newer})
    return Bound(found[0][0], _ENDLESS, last)


__all__ = ["BEGIN", "LOOKS", "Keep", "Patience", "Place", "Prune", "Pruned"]
