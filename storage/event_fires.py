"""What a schedule decided about an event that came: the same path as for a due instant."""

from dataclasses import dataclass
from typing import NamedTuple

from .ids import ExecutionId
from .records import Execution
from .rows import fire_columns
from .schedule_changes import RecordFires
from .statements import Statement
from .tables import FireRow
from .transaction import Transaction

_DECIDED = Statement(
    lambda slot: FireRow.select(FireRow.execution_id).where(
        (FireRow.schedule_id == slot("schedule_id")) & (FireRow.due == slot("due"))
    )
)


class EventFire(NamedTuple):
    """What came of it: the execution, if there is one, and what is new."""

    execution_id: ExecutionId | None
    made: list[Execution]
    fresh: bool
    """False: it was decided before, and stays so."""


@dataclass(frozen=True, slots=True)
class RecordEventFire:
    """Store the one decision in `fires`, unless the schedule has decided about the event before.

    Raises as `RecordFires` does.
    """

    fires: RecordFires

    def apply(self, transaction: Transaction) -> EventFire:
        fire = self.fires.decisions[0].fire
        found = transaction.read(_DECIDED, fire_columns(fire))
        if found:
            return EventFire(found[0][0], [], fresh=False)
        return EventFire(fire.execution_id, self.fires.apply(transaction), fresh=True)
