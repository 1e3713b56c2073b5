"""The answers to calls that make something, from what was made: when it is, or when it is asked for again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from quarterjack import storage
from quarterjack.runtime import Runtime

from .answers import Answer, answered, etag, ok, ok_large
from .shapes.backfills import BackfillStarted
from .shapes.executions import Started
from .shapes.schedules import ScheduledWorkflow


class Making(NamedTuple):
    """How the ids of what a call makes begin, and the answer that tells of one that is there.

    That raises `NotFound` when there is none.
    """

    prefix: str
    answer: Callable[[Runtime, str], Awaitable[Answer[Any]]] | None = None


def schedule_made(found: storage.Schedule) -> Answer[ScheduledWorkflow]:
    """The answer with a schedule that was made, and its address."""
    headers = {"Location": f"/api/schedules/{found.id}/workflow", **etag(found)}
    return ok(ScheduledWorkflow.of(found), headers)


async def _schedule(runtime: Runtime, key: str) -> Answer[ScheduledWorkflow]:
    return schedule_made(await answered(runtime.get_schedule(key)))


async def _execution(runtime: Runtime, key: str) -> Answer[Started]:
    if await answered(runtime.workflow_of_execution(key)) is None:
        raise storage.NotFound("execution", key)
    return ok(Started(execution_id=key))


async def _backfill(runtime: Runtime, key: str) -> Answer[BackfillStarted]:
    await answered(runtime.get_backfill(key))
    ids: list[str] = list(await answered(runtime.executions_of_backfill(key)))
    return ok_large(lambda: BackfillStarted(execution_ids=ids, backfill_id=key))


MAKINGS: Final[Mapping[Any, Making]] = {
    ScheduledWorkflow: Making("sch", _schedule),
    Started: Making("exe", _execution),
    BackfillStarted: Making("bkf", _backfill),
}
"""The shape with which a call answers → what it makes."""
OTHER: Final = Making("req")
"""What is not found again by an id that was planned for it: only its answer is."""
