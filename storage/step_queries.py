"""Reads of an execution's steps: what its actor needs to begin or to go on, and what REST shows of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .database import Reader
from .ids import ExecutionId
from .plain_data import Packed
from .queries import execution
from .records import Attempt, Execution, Failure, StepRun
from .rows import to_attempt, to_step
from .selects import MOST_KEYS, PreparedSelect, tuples
from .statements import Slot
from .statuses import ExecutionStatus, StepStatus
from .tables import AttemptRow, ExecutionRow, StepRow

_PACKED = StepRow.result.cast("BLOB").alias("packed")
"""A result as it is stored."""


def _of(row: type[StepRow] | type[AttemptRow], slot: Slot) -> Any:
    return row.execution == slot("id")


class Resumable(NamedTuple):
    """An execution with its steps, and the results of the finished ones, still packed."""

    execution: Execution
    steps: list[StepRun]
    results: dict[str, Packed]
    children: dict[ExecutionId, "ChildEnd"]
    """Of the executions that its steps wait for, those that have ended."""


class ChildEnd(NamedTuple):
    """How an execution ended that a step has begun."""

    status: ExecutionStatus
    result: Packed
    error: Failure | None


class StepFound(NamedTuple):
    """One step as it is stored, with its result, still packed, and the end of what it began."""

    step: StepRun
    result: Packed | None
    child: ChildEnd | None


_STEPS = PreparedSelect(
    lambda slot: StepRow.select().where(_of(StepRow, slot)).order_by(StepRow.name)
)
_ATTEMPTS = PreparedSelect(
    lambda slot: AttemptRow.select().where(_of(AttemptRow, slot)).order_by(AttemptRow.number)
)
_RESULTS = PreparedSelect(
    lambda slot: StepRow.select(StepRow.name, _PACKED).where(
        _of(StepRow, slot) & (StepRow.status == StepStatus.SUCCEEDED.value)
    )
)
_STEP = PreparedSelect(
    lambda slot: StepRow.select(*StepRow._meta.sorted_fields, _PACKED).where(
        _of(StepRow, slot) & (StepRow.name == slot("step"))
    )
)
_ATTEMPTS_OF_STEP = PreparedSelect(
    lambda slot: (
        AttemptRow.select()
        .where(_of(AttemptRow, slot) & (AttemptRow.step == slot("step")))
        .order_by(AttemptRow.number)
    )
)


def steps(reader: Reader, key: ExecutionId) -> list[StepRun]:
    """The steps of an execution that have begun, with their attempts."""
    attempts: dict[str, list[Attempt]] = {}
    for row in _ATTEMPTS.rows(reader, {"id": key}):
        attempts.setdefault(row["step"], []).append(to_attempt(row))
    begun = _STEPS.rows(reader, {"id": key})
    return [to_step(row, tuple(attempts.get(row["name"], ()))) for row in begun]


def resumable(reader: Reader, key: ExecutionId) -> Resumable:
    """All that an execution's actor needs to begin or to go on. Raises `NotFound`."""
    results = {name: _packed(found) for name, found in _RESULTS.tuples(reader, {"id": key})}
    begun = steps(reader, key)
    awaited = [step.awaited.child_id for step in begun if step.awaited.child_id is not None]
    return Resumable(execution(reader, key), begun, results, _ends(reader, awaited))


def step(reader: Reader, key: ExecutionId, name: str) -> StepFound | None:
    """One step of an execution; None: it has not begun."""
    wanted = {"id": key, "step": name}
    row = next(_STEP.rows(reader, wanted), None)
    if row is None:
        return None
    attempts = tuple(to_attempt(each) for each in _ATTEMPTS_OF_STEP.rows(reader, wanted))
    found = to_step(row, attempts)
    child = found.awaited.child_id
    ends = {} if child is None else _ends(reader, [child])
    return StepFound(found, _packed(row["packed"]), None if child is None else ends.get(child))


def _ends(reader: Reader, keys: Sequence[ExecutionId]) -> dict[ExecutionId, ChildEnd]:
    row = ExecutionRow
    columns = (row.id, row.status, row.result.cast("BLOB").alias("packed"), row.error)
    found: dict[ExecutionId, ChildEnd] = {}
    for start in range(0, len(keys), MOST_KEYS):
        query = row.select(*columns).where(
            row.id.in_(keys[start : start + MOST_KEYS]) & row.ended_at.is_null(False)
        )
        for key, status, packed, error in tuples(reader, query):
            failure = Failure(*error) if error else None
            found[key] = ChildEnd(ExecutionStatus(status), _packed(packed), failure)
    return found


def _packed(found: bytes | None) -> Packed:
    return Packed(b"\xc0") if found is None else Packed(found)
