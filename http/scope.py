"""What a token that is limited to some workflows sees and touches: theirs, and nothing of any other.

What belongs to another workflow is answered as if it did not exist; to make something for one, or to move
something there, is refused.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from quarterjack.runtime import Runtime
from quarterjack.storage import Execution, NotFound, WorkflowId
from quarterjack.storage.event_names import awaited_as, watched_workflow
from quarterjack.storage.overviews import CombinedStatus

from .answers import answered
from .auth import Caller, caller_of
from .errors import NotPermitted
from .keys import runtime_of

_Find = Callable[[Runtime, str], Awaitable[WorkflowId | None]]


async def _itself(_: Runtime, key: str) -> WorkflowId | None:
    return WorkflowId(key)


_NAMED: Final[Mapping[str, tuple[str, _Find]]] = {  # each of `call.WORKFLOWS_THINGS`
    "workflow_id": ("workflow", _itself),
    "schedule_id": ("schedule", lambda runtime, key: answered(runtime.workflow_of_schedule(key))),
    "execution_id": (
        "execution",
        lambda runtime, key: answered(runtime.workflow_of_execution(key)),
    ),
    "backfill_id": ("backfill", lambda runtime, key: answered(runtime.workflow_of_backfill(key))),
}


async def require_named(request: web.Request, caller: Caller) -> None:
    """Raise `NotFound` for what a request's address names, unless it is of one of their workflows."""
    for name, key in request.match_info.items():
        if name in _NAMED:
            kind, find = _NAMED[name]
            await _require(request, caller, kind, key, find)


async def require_schedule(request: web.Request, key: object) -> None:
    """Raise `NotFound` for a schedule of a workflow that the caller has nothing to do with."""
    caller = caller_of(request)
    if caller.workflows is not None and isinstance(key, str):
        kind, find = _NAMED["schedule_id"]
        await _require(request, caller, kind, key, find)


def require_draft(request: web.Request, draft: Mapping[str, Any]) -> None:
    """Raise `NotPermitted` for a schedule, or a change of one, that reaches beyond their workflows."""
    caller = caller_of(request)
    if caller.workflows is None:
        return
    workflow_id = draft.get("workflowId")
    if isinstance(workflow_id, str) and not caller.may_touch(workflow_id):
        raise NotPermitted(f"The token is not for the workflow {workflow_id!r:.100}.")
    config = draft.get("scheduleConfig")
    event = config.get("event") if isinstance(config, dict) else None
    if isinstance(event, str) and len(awaited_as(event)) > 1:
        watched = watched_workflow(event)
        if watched is None or not caller.may_touch(watched):
            raise NotPermitted(f"The token does not see the workflows that tell {event!r:.200}.")


def own_workflows(request: web.Request) -> Collection[WorkflowId] | None:
    """Those that the caller's lists are limited to; None: all."""
    return caller_of(request).workflows


def own_part(request: web.Request, found: CombinedStatus) -> CombinedStatus:
    """The status of a schedule without executions from when it was another workflow's."""
    caller = caller_of(request)
    if caller.workflows is None:
        return found

    def own(executions: list[Execution]) -> list[Execution]:
        return [each for each in executions if caller.may_touch(each.workflow_id)]

    return replace(
        found, running=own(found.running), queued=own(found.queued), history=own(found.history)
    )


async def _require(request: web.Request, caller: Caller, kind: str, key: str, find: _Find) -> None:
    workflow_id = await find(runtime_of(request), key)
    if workflow_id is None or not caller.may_touch(workflow_id):
        raise NotFound(kind, key)
