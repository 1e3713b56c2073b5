"""What can be asked of a server's workflows, of their executions, and of backfills of them."""

from collections.abc import Mapping
from typing import Any

from quarterjack.actors.engine import Reply
from quarterjack.storage import ExecutionId
from quarterjack.storage.queries import ExecutionFilter, PageRequest

from ..shapes.backfills import Backfill, BackfillNamed, BackfillStarted
from ..shapes.executions import AttemptLog, Execution, ExecutionDetail, Started, StepLogs
from ..shapes.running import RunningExecution
from ..shapes.workflows import Workflow
from .asking import FIRST, Asking
from .listing import PagedReply
from .request import Wanted


class ExecutionCalls(Asking):
    """The calls about what runs."""

    def list_workflows(self, page: PageRequest = FIRST) -> PagedReply[Workflow]:
        """The workflows that the server has, by id."""
        return self._list(Workflow, Wanted("listWorkflows"), page)

    def get_workflow(self, workflow_id: str) -> Reply[Workflow]:
        """A workflow with its steps. Raises `NotFound`."""
        return self._ask(Workflow, Wanted("getWorkflow", {"workflow_id": workflow_id}))

    def run(
        self,
        workflow_id: str,
        *,
        params: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        priority: int | None = None,
        traceparent: str | None = None,
    ) -> Reply[ExecutionId]:
        """Run a workflow now, with no schedule. Raises `NotFound`, `InvalidInput`."""
        body = {"params": params, "context": context, "priority": priority}
        parts = {"workflow_id": workflow_id}
        wanted = Wanted("runWorkflow", parts, body=body, traceparent=traceparent)
        return self._ask(Started, wanted).map(_id_of)

    def cancel_scheduled_execution(self, execution_id: str) -> Reply[None]:
        """End an execution before its time. Raises `NotFound`, `IllegalTransition` if it has ended."""
        return self._tell(_of("cancelExecution", execution_id))

    def retry_execution(self, execution_id: str) -> Reply[ExecutionId]:
        """Run an execution that has failed, timed out or was cancelled again, from where it ended.

        A new execution, which keeps the results of the finished steps; its id. Raises `NotFound`,
        `IllegalTransition` for one that has not ended, or that succeeded.
        """
        return self._ask(Started, _of("retryExecution", execution_id)).map(_id_of)

    def get_execution(self, execution_id: str) -> Reply[ExecutionDetail]:
        """An execution with its steps. Raises `NotFound`."""
        return self._ask(ExecutionDetail, _of("getExecution", execution_id))

    def list_running(self, page: PageRequest = FIRST) -> PagedReply[RunningExecution]:
        """What runs or waits, the oldest start first."""
        return self._list(RunningExecution, Wanted("listRunning"), page)

    def get_step_logs(self, execution_id: str, step: str) -> Reply[list[AttemptLog]]:
        """What a step's attempts wrote and logged, also of one that runs. Raises `NotFound`.

        An item of a mapped step is called `load[3]`.
        """
        parts = {"execution_id": execution_id, "step": step}
        return self._ask(StepLogs, Wanted("getStepLogs", parts)).map(lambda logs: logs.items)

    def list_executions(
        self, wanted: ExecutionFilter = ExecutionFilter(), page: PageRequest = FIRST
    ) -> PagedReply[Execution]:
        """Executions without their steps, newest first."""
        query = {
            "status": wanted.status,
            "workflow_id": wanted.workflow_id,
            "schedule_id": wanted.schedule_id,
            "since": wanted.since,
            "until": wanted.until,
            "backfill_id": wanted.backfill_id,
        }
        return self._list(Execution, Wanted("listExecutions", query=query), page)

    def backfill_schedule(
        self, schedule_id: str, request: Mapping[str, Any]
    ) -> Reply[BackfillStarted]:
        """Run a schedule for each due instant in [start, end) that has no execution.

        The request is in the contract's camelCase form: `start` and `end`, and optionally `overlap`,
        `maxConcurrency`, `priority` and `params`. Raises `NotFound`, `InvalidInput`.
        """
        parts = {"schedule_id": schedule_id}
        return self._ask(BackfillStarted, Wanted("backfillSchedule", parts, body=dict(request)))

    def get_backfill(self, backfill_id: str) -> Reply[Backfill]:
        """How far a backfill has come. Raises `NotFound`."""
        return self._ask(Backfill, Wanted("getBackfill", {"backfill_id": backfill_id}))

    def list_backfills(self, schedule_id: str, page: PageRequest = FIRST) -> PagedReply[Backfill]:
        """The backfills of a schedule, newest first. Raises `NotFound`."""
        return self._list(Backfill, Wanted("listBackfills", {"schedule_id": schedule_id}), page)

    def cancel_backfill(self, backfill_id: str) -> Reply[None]:
        """Begin no more of a backfill, and end what runs of it.

        Raises `NotFound`, and `IllegalTransition` when it has come to its end.
        """
        wanted = Wanted("cancelBackfill", {"backfill_id": backfill_id})
        return self._ask(BackfillNamed, wanted).map(lambda _: None)


def _of(name: str, execution_id: str) -> Wanted:
    return Wanted(name, {"execution_id": execution_id})


def _id_of(found: Started) -> ExecutionId:
    return ExecutionId(found.execution_id)
