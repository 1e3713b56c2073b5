"""To which workflow something belongs, by its id: for tokens that are limited to some workflows."""

from .database import Reader
from .ids import BackfillId, ExecutionId, ScheduleId, WorkflowId
from .selects import Select, tuples
from .tables import BackfillRow, ExecutionRow, ScheduleRow


def workflow_of_schedule(reader: Reader, key: ScheduleId) -> WorkflowId | None:
    """Of a schedule; of a deleted one, that of its newest execution. None: there is no such thing."""
    row = ScheduleRow
    found = _first(reader, row.select(row.workflow_id).where(row.id == key))
    if found is not None:
        return found
    past = ExecutionRow.select(ExecutionRow.workflow_id).where(ExecutionRow.schedule_id == key)
    return _first(reader, past.order_by(ExecutionRow.queued_at.desc()))


def workflow_of_execution(reader: Reader, key: ExecutionId) -> WorkflowId | None:
    """Of an execution. None: there is no such thing."""
    row = ExecutionRow
    return _first(reader, row.select(row.workflow_id).where(row.id == key))


def workflow_of_backfill(reader: Reader, key: BackfillId) -> WorkflowId | None:
    """Of a backfill: that of its schedule. None: there is no such thing."""
    row = BackfillRow
    found = next(tuples(reader, row.select(row.schedule_id).where(row.id == key)), None)
    return None if found is None else workflow_of_schedule(reader, ScheduleId(found[0]))


def _first(reader: Reader, query: Select) -> WorkflowId | None:
    found = next(tuples(reader, query.limit(1)), None)
    return None if found is None else WorkflowId(found[0])
