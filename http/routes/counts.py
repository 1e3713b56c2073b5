"""`/api/statistics`, and those of a schedule and of a workflow: counted as it happened, so quick to read."""

from collections.abc import Awaitable
from typing import TypeVar

from aiohttp import web

from quarterjack.storage import InvalidInput, NotFound, ScheduleId, WorkflowId
from quarterjack.storage.counts import DaysFilter, StatisticsFilter

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..keys import runtime_of
from ..query import DaysQuery, StatisticsQuery, WorkflowStatisticsQuery, in_query
from ..scope import own_workflows
from ..shapes.counts import Bucket, Day, ScheduleDays, Statistics, WorkflowStatistics

T = TypeVar("T")


def calls() -> list[Call]:
    """What can be asked about how things went."""
    return [
        Call("getStatistics", "GET", "/api/statistics", read, is_for_some=True),
        Call(
            "getScheduleDays",
            "GET",
            "/api/schedules/{schedule_id}/days",
            read_days,
            errors=(NotFound,),
        ),
        Call(
            "getWorkflowStatistics",
            "GET",
            "/api/workflows/{workflow_id}/statistics",
            read_workflow,
            errors=(NotFound,),
        ),
    ]


async def read(request: web.Request, query: StatisticsQuery) -> Answer[Statistics]:
    """How executions ended, and how many due instants made none, by hour or by day."""
    wanted = StatisticsFilter(
        query.by,
        query.since,
        query.until,
        None if query.workflow_id is None else WorkflowId(query.workflow_id),
        None if query.schedule_id is None else ScheduleId(query.schedule_id),
        own_workflows(request),
    )
    found = await _asked(runtime_of(request).get_statistics(wanted))
    return ok_large(lambda: Statistics(by=query.by, items=[Bucket.of(each) for each in found]))


async def read_days(request: web.Request, query: DaysQuery) -> Answer[ScheduleDays]:
    """The days of a schedule: how its executions ended, and how many due instants made none."""
    wanted = DaysFilter(query.since, query.until, own_workflows(request))
    key = request.match_info["schedule_id"]
    found = await _asked(runtime_of(request).get_schedule_days(key, wanted))
    return ok_large(lambda: ScheduleDays(items=[Day.of(each) for each in found]))


async def read_workflow(
    request: web.Request, query: WorkflowStatisticsQuery
) -> Answer[WorkflowStatistics]:
    """How a workflow's executions went, and how long they took."""
    key = request.match_info["workflow_id"]
    found = await answered(runtime_of(request).get_workflow_statistics(key, query.days))
    return ok_large(lambda: WorkflowStatistics.of(found))


async def _asked(reply: Awaitable[T]) -> T:
    """The answer; what is wrong with the range is wrong with the query."""
    try:
        return await answered(reply)
    except InvalidInput as error:
        raise in_query(error) from None
