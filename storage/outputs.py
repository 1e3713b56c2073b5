"""Reads of what attempts wrote and logged."""

from typing import NamedTuple

from .database import Reader
from .ids import ExecutionId
from .plain_data import Packed
from .queries import execution
from .selects import tuples
from .tables import AttemptRow, OutputRow, StepRow


class AttemptOutput(NamedTuple):
    """What one attempt of a step wrote; None: nothing, or it has not ended."""

    number: int
    has_ended: bool
    output: Packed | None


class StepOutputs(NamedTuple):
    """Those of a step, in the order of its attempts; `has_begun` False: the step has no row."""

    has_begun: bool
    attempts: list[AttemptOutput]


def outputs(reader: Reader, key: ExecutionId, step: str) -> StepOutputs:
    """Raises `NotFound` for an unknown execution."""
    execution(reader, key)
    begun = StepRow.select(StepRow.name).where((StepRow.execution == key) & (StepRow.name == step))
    kept = OutputRow.select(OutputRow.number, OutputRow.output.cast("BLOB").alias("packed")).where(
        (OutputRow.execution == key) & (OutputRow.step == step)
    )
    packed = {number: Packed(output) for number, output in tuples(reader, kept)}
    attempts = AttemptRow.select(AttemptRow.number, AttemptRow.ended_at).where(
        (AttemptRow.execution == key) & (AttemptRow.step == step)
    )
    rows = tuples(reader, attempts.order_by(AttemptRow.number))
    found = [AttemptOutput(number, ended is not None, packed.get(number)) for number, ended in rows]
    return StepOutputs(any(tuples(reader, begun)), found)
