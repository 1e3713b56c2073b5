"""A new execution that goes on where an older one failed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from .errors import NotFound
from .ids import ExecutionId
from .records import Execution
from .rows import execution_columns
from .schedule_changes import require_free_id
from .statements import Statement, insert
from .statuses import ExecutionStatus, StepStatus, refused
from .tables import ExecutionRow, StepRow
from .transaction import Transaction

RETRIED: Final = (
    ExecutionStatus.FAILED,
    ExecutionStatus.TIMED_OUT,
    ExecutionStatus.CANCELLED,
)
"""What can be run again from where it ended."""
_STATUS = Statement(
    lambda slot: ExecutionRow.select(ExecutionRow.status).where(ExecutionRow.id == slot("id"))
)
_FINISHED = Statement(
    lambda slot: StepRow.select(
        StepRow.name, StepRow.status, StepRow.result.cast("BLOB").alias("packed")
    ).where((StepRow.execution == slot("id")) & (StepRow.status == StepStatus.SUCCEEDED.value))
)
_KEEP = Statement(
    lambda slot: StepRow.insert(
        {
            StepRow.execution: slot("execution_id"),
            StepRow.name: slot("name"),
            StepRow.status: slot("status"),
            StepRow.result: slot("result"),
        }
    )
)
_INSERT = insert(ExecutionRow)


@dataclass(frozen=True, slots=True)
class RetryExecution:
    """Store an execution with the finished steps of the one that it is a retry of.

    Not with those in `again`, which may name steps and items of mapped steps.

    Raises `NotFound`, or `IllegalTransition` for one that has not ended, or that succeeded.
    """

    execution: Execution
    retry_of: ExecutionId
    again: Collection[str] = ()
    is_id_given: bool = False
    """Whoever asked has chosen the id, so it may be taken: raises `AlreadyExists` then."""

    def apply(self, transaction: Transaction) -> ExecutionId:
        if self.is_id_given:
            require_free_id(transaction, self.execution.id)
        found = transaction.read(_STATUS, {"id": self.retry_of})
        if not found:
            raise NotFound("execution", self.retry_of)
        status = ExecutionStatus(found[0][0])
        if status not in RETRIED:
            raise refused("execution", self.retry_of, current=status, wanted="retried")
        finished = transaction.read(_FINISHED, {"id": self.retry_of})
        transaction.write(_INSERT, execution_columns(self.execution))
        for name, step_status, result in finished:
            if name not in self.again:
                step = {"name": name, "status": step_status, "result": result}
                transaction.write(_KEEP, {"execution_id": self.execution.id, **step})
        return self.execution.id
