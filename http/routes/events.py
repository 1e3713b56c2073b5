"""`/api/events`: what happened, as it was stored; and events from outside."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web

from quarterjack import storage
from quarterjack.storage import IdempotencyConflict, InvalidInput, Role
from quarterjack.storage.events import TOPICS, topics
from quarterjack.storage.queries import Page

from ..answers import Answer, answered, ok, ok_large
from ..auth import caller_of
from ..bodies import EventBody
from ..call import Call
from ..idempotency import idempotency_key
from ..keys import runtime_of
from ..paging import next_cursor, page_request
from ..protocol import LARGEST_BODY
from ..query import EventsQuery
from ..request_trace import traceparent_of
from ..shapes.events import Event
from ..shapes.executions import StartedMany
from ..shapes.shape import Listing, listed

_SCOPE: Final = "events"
_LARGE: Final = 32_768
"""Bytes of a body above which its payload is packed on a thread, so that nobody waits for it."""
_CHUNK: Final = 500
_MOST_READ: Final = 20_000
"""Events that one call looks at; a page may have fewer than wanted, and says where it goes on."""


def calls() -> list[Call]:
    """What can be asked of events."""
    return [
        Call("listEvents", "GET", "/api/events", list_events, is_for_some=True),
        Call(
            "sendEvent",
            "POST",
            "/api/events/{event}",
            send,
            Role.OPERATOR,
            HTTPStatus.ACCEPTED,
            errors=(IdempotencyConflict,),
        ),
    ]


async def list_events(request: web.Request, query: EventsQuery) -> Answer[Listing[Event]]:
    """The stored events after a sequence number, oldest first."""
    if query.topic not in TOPICS:
        raise InvalidInput.field("query", "topic", msg=f"there is no topic {query.topic!r:.60}")
    page = page_request(query, _SCOPE, (int,))
    after = query.after if page.after is None else max(query.after, int(page.after[0]))
    found = await _matching(request, after, query.topic, page.limit)
    following = next_cursor(found, _SCOPE)
    return ok_large(lambda: listed(found, following, Event.of))


async def send(request: web.Request, body: EventBody) -> Answer[StartedMany]:
    """Tell those that wait for an event of that name, and fire the schedules that do."""
    sent = partial(
        runtime_of(request).send_event,
        request.match_info["event"],
        body.payload,
        key=body.key,
        idempotency_key=idempotency_key(request),
        sender=caller_of(request).token_id or "",
        traceparent=traceparent_of(request),
    )
    if (request.content_length or LARGEST_BODY) > _LARGE:
        reply = await asyncio.to_thread(sent)  # it packs the payload
    else:
        reply = sent()
    return ok(StartedMany(execution_ids=list(await answered(reply))))


async def _matching(
    request: web.Request, after: int, topic: str, limit: int
) -> Page[storage.Event]:
    runtime, matching = runtime_of(request), list[storage.Event]()
    caller = caller_of(request)
    for _ in range(0, _MOST_READ, _CHUNK):
        chunk = await answered(runtime.events(after, limit=_CHUNK))
        for event in chunk:
            if topic in topics(event) and caller.may_see(event):
                if len(matching) == limit:
                    return Page(matching, (matching[-1].seq,))
                matching.append(event)
        if len(chunk) < _CHUNK:
            return Page(matching, None)
        after = chunk[-1].seq
    return Page(matching, (after,))
