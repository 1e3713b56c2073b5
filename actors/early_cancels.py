"""Cancels of executions that the run queue does not know: on their way to it, ended, or not there.

One that is recorded as queued will come; it is cancelled when it does.
"""

from collections.abc import Callable
from typing import Any

from quarterjack.storage import Execution, ExecutionId, ExecutionStatus
from quarterjack.storage.queries import execution as stored_execution
from quarterjack.storage.statuses import refused

from .cast_member import CastMember
from .engine import Reply
from .messages import CancelExecution


class EarlyCancels:
    """Belongs to the run queue; `knows` tells whether one has come to it meanwhile."""

    def __init__(self, queue: CastMember, knows: Callable[[ExecutionId], bool]) -> None:
        self._queue = queue
        self._knows = knows
        self._expected: dict[ExecutionId, CancelExecution] = {}

    def take(self, key: ExecutionId) -> CancelExecution | None:
        """The cancel of an execution that has come now."""
        return self._expected.pop(key, None)

    def look_up(self, message: CancelExecution) -> Reply[Any]:
        """Decide by what is stored; the answer raises `NotFound`, or `IllegalTransition` if it ended."""
        answer: Reply[Any] = Reply()

        def found(reply: Reply[Any]) -> None:
            try:
                execution: Execution = reply.get()
            except Exception as error:
                answer.set_exception(error)
                return
            self._decide(execution, message, answer)

        self._queue.read(found, stored_execution, message.execution_id)
        return answer

    def _decide(self, execution: Execution, message: CancelExecution, answer: Reply[Any]) -> None:
        if self._knows(execution.id):
            self._queue.ref.ask(message).pipe(answer)
        elif execution.status is ExecutionStatus.QUEUED:
            self._expected[execution.id] = message
            answer.set(None)
        else:
            current, wanted = execution.status, ExecutionStatus.CANCELLED
            answer.set_exception(refused("execution", execution.id, current=current, wanted=wanted))
