"""The trace that a request belongs to: its header `traceparent`."""

from aiohttp import web

from quarterjack.runtime.trace_context import HEADER, TraceContext


def traceparent_of(request: web.Request) -> str | None:
    """The trace context that the caller gives along; one that is none is ignored, as W3C says."""
    given = request.headers.getall(HEADER, ())
    found = TraceContext.parse(given[0].strip()) if len(given) == 1 else None
    return None if found is None else str(found)
