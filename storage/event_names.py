"""Names of events: those that anybody may send, and those with which workflows tell of their ends.

`workflow.succeeded:daily-report` comes when an execution of that workflow has succeeded,
`workflow.failed:daily-report` when one has failed or timed out; with `*`, of any workflow. Nobody else
can send events whose names begin with `workflow.`.
"""

import re
from typing import Final

from .ids import WorkflowId
from .statuses import ExecutionStatus

LONGEST_NAME: Final = 200
"""Characters of a name, and of a key."""
_RESERVED: Final = "workflow."
_EVERY: Final = "*"
_ENDING: Final = re.compile(
    r"(workflow\.(?:succeeded|failed):)([A-Za-z0-9][A-Za-z0-9_.-]{0,99}|\*)", re.ASCII
)
_PREFIXES: Final = {
    ExecutionStatus.SUCCEEDED: "workflow.succeeded:",
    ExecutionStatus.FAILED: "workflow.failed:",
    ExecutionStatus.TIMED_OUT: "workflow.failed:",
}


def name_of_end(workflow_id: WorkflowId, status: ExecutionStatus) -> str | None:
    """The event with which an end is told; None: ends with that status are not.

    >>> name_of_end(WorkflowId("load"), ExecutionStatus.TIMED_OUT)
    'workflow.failed:load'
    """
    prefix = _PREFIXES.get(status)
    return None if prefix is None else f"{prefix}{workflow_id}"


def awaited_as(name: str) -> tuple[str, ...]:
    """The names under which schedules may wait for an event.

    >>> awaited_as("workflow.failed:load")
    ('workflow.failed:load', 'workflow.failed:*')
    """
    found = _ENDING.fullmatch(name)
    return (name,) if found is None else (name, found.group(1) + _EVERY)


def watched_workflow(name: str) -> WorkflowId | None:
    """The workflow whose ends an event tells of; None: of any, or it is another event.

    >>> watched_workflow("workflow.failed:load")
    'load'
    """
    found = _ENDING.fullmatch(name)
    if found is None or found.group(2) == _EVERY:
        return None
    return WorkflowId(found.group(2))


def reserved_problem(name: str) -> str | None:
    """Why nobody may send an event of that name, or wait for it in a step; None: they may."""
    if not name.startswith(_RESERVED):
        return None
    return (
        f"events whose names begin with {_RESERVED!r} tell of the ends of workflows, and can only be "
        "waited for by schedules; choose another name"
    )


def awaited_problem(name: str) -> str | None:
    """Why no schedule can wait for that event; None: it can."""
    if not name.startswith(_RESERVED) or _ENDING.fullmatch(name):
        return None
    return (
        "of workflows there are 'workflow.succeeded:NAME' and 'workflow.failed:NAME', where NAME is a "
        "workflow's or '*'"
    )
