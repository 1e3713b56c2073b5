"""`/api/events`: what happened, as it was stored; and events from outside."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web

from quarterjack.storage import Event, InvalidInput
from quarterjack.storage.events import TOPICS, topics
from quarterjack.storage.queries import Page

from .. import presenters
from ..answers import answered, ok, ok_large
from ..bodies import LARGEST_BODY, EventBody, read_body
from ..idempotency import idempotency_key
from ..keys import runtime_of
from ..paging import listing, page_request
from ..query import EventsQuery, NoQuery, read_query

_SCOPE: Final = "events"
_LARGE: Final = 32_768
"""Bytes of a body above which its payload is packed on a thread, so that nobody waits for it."""
_CHUNK: Final = 500
_MOST_READ: Final = 20_000
"""Events that one call looks at; a page may have fewer than wanted, and says where it goes on."""


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [
        web.get("/api/events", list_events),
        web.post("/api/events/{name}", send),
    ]


async def list_events(request: web.Request) -> web.Response:
    """`GET /api/events`: oldest first, after a sequence number."""
    query = read_query(request, EventsQuery)
    if query.topic not in TOPICS:
        raise InvalidInput.field("query", "topic", msg=f"there is no topic {query.topic!r:.60}")
    page = page_request(query, _SCOPE, (int,))
    after = query.after if page.after is None else max(query.after, int(page.after[0]))
    found = await _matching(request, after, query.topic, page.limit)
    return await ok_large(listing(found, _SCOPE, presenters.event))


async def send(request: web.Request) -> web.Response:
    """`POST /api/events/{name}`: 202 when it is stored what becomes of it."""
    read_query(request, NoQuery)
    key = idempotency_key(request)
    body = await read_body(request, EventBody)
    sent = partial(
        runtime_of(request).send_event,
        request.match_info["name"],
        body.payload,
        key=body.key,
        idempotency_key=key,
    )
    if (request.content_length or LARGEST_BODY) > _LARGE:
        reply = await asyncio.to_thread(sent)  # it packs the payload
    else:
        reply = sent()
    return ok({"executionIds": await answered(reply)}, HTTPStatus.ACCEPTED)


async def _matching(request: web.Request, after: int, topic: str, limit: int) -> Page[Event]:
    runtime, matching = runtime_of(request), list[Event]()
    for _ in range(0, _MOST_READ, _CHUNK):
        chunk = await answered(runtime.events(after, limit=_CHUNK))
        for event in chunk:
            if topic in topics(event):
                if len(matching) == limit:
                    return Page(matching, (matching[-1].seq,))
                matching.append(event)
        if len(chunk) < _CHUNK:
            return Page(matching, None)
        after = chunk[-1].seq
    return Page(matching, (after,))
