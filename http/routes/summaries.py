"""`/api/schedules/summaries`: schedules as a list of many shows them."""

from typing import Final

from aiohttp import web

from quarterjack.storage import InvalidInput, ScheduleId, WorkflowId
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_summaries import SummaryFilter, SummaryOrder

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..keys import runtime_of
from ..paging import Shape as KeyShape
from ..paging import cursor_of, page_request
from ..query import ViewQuery
from ..scope import own_workflows
from ..shapes.summaries import ScheduleSummaries, ScheduleSummary

_KEYS: Final[dict[SummaryOrder, KeyShape]] = {
    SummaryOrder.CREATED: (int, str),
    SummaryOrder.NAME: (str, str),
    SummaryOrder.NEXT: (int, int, str),
}
_MOST_IDS: Final = 500


def calls() -> list[Call]:
    """What is asked for lists of schedules."""
    return [
        Call(
            "listScheduleSummaries",
            "GET",
            "/api/schedules/summaries",
            list_summaries,
            is_for_some=True,
        )
    ]


async def list_summaries(request: web.Request, query: ViewQuery) -> Answer[ScheduleSummaries]:
    """Schedules with their rule in words, and with what became of them lately."""
    wanted, page = wanted_schedules(request, query), asked_page(query, "summaries")
    found = await answered(runtime_of(request).list_schedule_summaries(wanted, page))
    following = cursor_after(found.next, query, "summaries")
    return ok_large(
        lambda: ScheduleSummaries(
            items=[ScheduleSummary.of(each) for each in found.items],
            next_cursor=following,
            total=found.total,
        )
    )


def wanted_schedules(request: web.Request, query: ViewQuery) -> SummaryFilter:
    """Those that the caller may see. Raises `InvalidInput` for more ids than can be asked for."""
    ids = None if query.ids is None else [ScheduleId(each) for each in query.ids.split(",")]
    if ids is not None and len(ids) > _MOST_IDS:
        raise InvalidInput.field(
            "query", "ids", msg=f"at most {_MOST_IDS} can be asked for at once"
        )
    return SummaryFilter(
        query.status,
        None if query.workflow_id is None else WorkflowId(query.workflow_id),
        query.q,
        query.attention,
        ids,
        query.sort,
        query.order == "desc",
        own_workflows(request),
    )


def asked_page(query: ViewQuery, scope: str) -> PageRequest:
    """The page of a list in that order. Raises `InvalidInput`."""
    return page_request(query, _scope(query, scope), _KEYS[query.sort])


def cursor_after(key: tuple[int | str, ...] | None, query: ViewQuery, scope: str) -> str | None:
    """The cursor of the page after one that ended with that key."""
    return None if key is None else cursor_of(_scope(query, scope), key)


def _scope(query: ViewQuery, scope: str) -> str:
    return f"{scope} by {query.sort} {query.order}"
