"""How far a round of pruning has come, and how much the next change of it may do."""

from typing import Final, NamedTuple


class Bound(NamedTuple):
    """What was queued before the one and has ended before the other may go (both in microseconds); of what
    was queued just then, what comes before that id."""

    queued_before: int
    ended_before: int
    id: str = ""


class Stretch(NamedTuple):
    """The executions of a workflow (None: of all), what of them may go, and after which one to go on."""

    workflow_id: str | None
    bounds: tuple[Bound, ...]
    queued_at: int = -(2**63)
    id: str = ""


class Place(NamedTuple):
    """Where a change goes on: with which kind of rows, and after which workflow, schedule or webhook; and
    how far it has come with the next one."""

    part: int = 0
    after: str = ""
    stretch: Stretch | None = None
    seen: tuple[int, int] | None = None


BEGIN: Final = Place()


class Room(NamedTuple):
    """How much a change may still delete: rows that were asked for, and rows with what hangs on them."""

    rows: int
    effort: int
    is_fresh: bool
    """It has deleted nothing yet, so even what is larger than it may be has to go: it gets no smaller."""

    @property
    def least(self) -> int:
        """Of what nothing hangs on."""
        return min(self.rows, self.effort)


class Looked(NamedTuple):
    """How many rows went, how many with what hung on them,
    and where the same kind goes on; None: there is no more."""

    rows: int
    touched: int
    further: Place | None = None


NOTHING: Final = Looked(0, 0)
