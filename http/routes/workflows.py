"""`/api/workflows`: the definitions that the server has, their schedules, and runs without one."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from quarterjack.actors import workflow as definitions
from quarterjack.storage import InvalidInput, NotFound, Role, WorkflowId
from quarterjack.storage.queries import Key, ScheduleFilter

from ..answers import Answer, answered, ok, ok_large
from ..audit_trail import note
from ..auth import caller_of
from ..bodies import RunBody
from ..call import Call
from ..idempotency import planned_id
from ..intake import OwnDraft
from ..keys import runtime_of
from ..paging import next_cursor, page_of, page_request
from ..query import PageQuery, WorkflowSchedulesQuery
from ..request_trace import traceparent_of
from ..shapes.executions import Started
from ..shapes.schedules import ScheduledWorkflow
from ..shapes.shape import Listing, listed
from ..shapes.workflows import Workflow
from .schedules import created


def calls() -> list[Call]:
    """What can be asked of workflows."""
    one = "/api/workflows/{workflow_id}"
    unknown = (NotFound,)
    return [
        Call("listWorkflows", "GET", "/api/workflows", list_workflows, is_for_some=True),
        Call("getWorkflow", "GET", one, read, errors=unknown),
        Call("listWorkflowSchedules", "GET", f"{one}/schedules", list_schedules, errors=unknown),
        Call(
            "scheduleWorkflow",
            "POST",
            f"{one}/schedule",
            create_schedule,
            Role.ADMIN,
            HTTPStatus.CREATED,
            errors=unknown,
            takes_key=True,
        ),
        Call(
            "runWorkflow",
            "POST",
            f"{one}/run",
            run,
            Role.OPERATOR,
            HTTPStatus.ACCEPTED,
            errors=unknown,
            takes_key=True,
        ),
    ]


async def list_workflows(request: web.Request, query: PageQuery) -> Answer[Listing[Workflow]]:
    """The workflows that the server has, by id."""
    page, caller = page_request(query, "workflows", (str,)), caller_of(request)
    known: dict[Key, definitions.Workflow] = {
        (key,): each for key, each in runtime_of(request).workflows.items() if caller.may_touch(key)
    }
    found = page_of(known, page)
    following = next_cursor(found, "workflows")
    return ok_large(lambda: listed(found, following, Workflow.of))


async def read(request: web.Request) -> Answer[Workflow]:
    """A workflow, with its steps and their dependencies."""
    return ok(Workflow.of(_found(request)))


async def list_schedules(
    request: web.Request, query: WorkflowSchedulesQuery
) -> Answer[Listing[ScheduledWorkflow]]:
    """The schedules of a workflow, oldest first."""
    key = _found(request).id
    scope = f"schedules of {key}"
    page = page_request(query, scope, (int, str))
    wanted = ScheduleFilter(query.status, key, query.q)
    found = await answered(runtime_of(request).list_schedules(wanted, page))
    following = next_cursor(found, scope)
    return ok_large(lambda: listed(found, following, ScheduledWorkflow.of))


async def create_schedule(request: web.Request, body: OwnDraft) -> Answer[ScheduledWorkflow]:
    """Make a schedule of this workflow."""
    key = _found(request).id
    if body.get("workflowId", key) != key:
        raise InvalidInput.field("workflowId", msg=f"the address says {key!r}; leave it out")
    return await created(request, {**body, "workflowId": key})


async def run(request: web.Request, body: RunBody) -> Answer[Started]:
    """Run it once, with no schedule."""
    arguments: dict[str, Any] = {name: getattr(body, name) for name in RunBody.model_fields}
    arguments["traceparent"] = traceparent_of(request)
    begun = runtime_of(request).run(
        _found(request).id, **arguments, execution_id=planned_id(request)
    )
    key = await answered(begun)
    note(request, execution_id=key)
    return ok(Started(execution_id=key))


def _found(request: web.Request) -> definitions.Workflow:
    return runtime_of(request).workflows.find(WorkflowId(request.match_info["workflow_id"]))
