"""`/api/executions`: every run, of any schedule or none."""

from http import HTTPStatus

from aiohttp import web

from quarterjack.storage import (
    BackfillId,
    IllegalTransition,
    NotFound,
    Role,
    ScheduleId,
    WorkflowId,
)
from quarterjack.storage.queries import ExecutionFilter

from ..answers import Answer, answered, ok, ok_large
from ..audit_trail import note
from ..call import Call
from ..idempotency import planned_id
from ..keys import runtime_of
from ..paging import next_cursor, page_request
from ..query import ExecutionsQuery, LogsQuery
from ..scope import own_workflows
from ..shapes.executions import AttemptLog, Execution, ExecutionDetail, Started, StepLogs
from ..shapes.shape import Listing, listed


def calls() -> list[Call]:
    """What can be asked of executions."""
    one = "/api/executions/{execution_id}"
    change = (NotFound, IllegalTransition)
    return [
        Call("listExecutions", "GET", "/api/executions", list_executions, is_for_some=True),
        Call("getExecution", "GET", one, read, errors=(NotFound,)),
        Call("getStepLogs", "GET", f"{one}/steps/{{step}}/logs", read_logs, errors=(NotFound,)),
        Call(
            "cancelExecution",
            "POST",
            f"{one}/cancel",
            cancel,
            Role.OPERATOR,
            HTTPStatus.ACCEPTED,
            errors=change,
        ),
        Call(
            "retryExecution",
            "POST",
            f"{one}/retry",
            retry,
            Role.OPERATOR,
            HTTPStatus.ACCEPTED,
            errors=change,
            takes_key=True,
        ),
    ]


async def list_executions(
    request: web.Request, query: ExecutionsQuery
) -> Answer[Listing[Execution]]:
    """The executions of all schedules and of none, newest first."""
    wanted = ExecutionFilter(
        query.status,
        None if query.workflow_id is None else WorkflowId(query.workflow_id),
        None if query.schedule_id is None else ScheduleId(query.schedule_id),
        query.since,
        query.until,
        None if query.backfill_id is None else BackfillId(query.backfill_id),
        own_workflows(request),
    )
    page = page_request(query, "executions", (int, str))
    found = await answered(runtime_of(request).list_executions(wanted, page))
    following = next_cursor(found, "executions")
    return ok_large(lambda: listed(found, following, Execution.of))


async def read(request: web.Request) -> Answer[ExecutionDetail]:
    """An execution with its steps."""
    found = await answered(runtime_of(request).get_execution(_key(request)))
    return ok_large(lambda: ExecutionDetail.of_detail(found))


async def read_logs(request: web.Request, query: LogsQuery) -> Answer[StepLogs]:
    """What the attempts of a step wrote and logged, also while they run."""
    step = request.match_info["step"]
    found = await answered(runtime_of(request).get_step_logs(_key(request), step))
    wanted = [each for each in found if query.attempt in (None, each.number)]
    return ok_large(lambda: StepLogs(items=[AttemptLog.of(each) for each in wanted]))


async def cancel(request: web.Request) -> Answer[Started]:
    """Tell it to end."""
    key = _key(request)
    await answered(runtime_of(request).cancel_scheduled_execution(key))
    return ok(Started(execution_id=key))


async def retry(request: web.Request) -> Answer[Started]:
    """Begin a new execution that goes on where this one ended."""
    planned = planned_id(request)
    retried = runtime_of(request).retry_execution(_key(request), new_execution_id=planned)
    key = await answered(retried)
    note(request, retried_as=key)
    return ok(Started(execution_id=key))


def _key(request: web.Request) -> str:
    return request.match_info["execution_id"]
