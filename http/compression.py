"""Large answers are sent as gzip to those who take it; compressed on a thread when that takes time."""

import asyncio
import gzip
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .headers import vary_by

LEAST: Final = 1_024
"""Bytes, below which nothing is won."""
_LARGE: Final = 16_384
"""Bytes, above which it is done on a thread."""
_LEVEL: Final = 5
_TYPES: Final = frozenset(
    {
        "application/json",
        "application/problem+json",
        "application/openapi+json",
        "application/x-ndjson",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: an answer with a strong `ETag` is left alone, since that names its very bytes."""
    answer = await handler(request)
    if answer.prepared or answer.content_type not in _TYPES or "Content-Encoding" in answer.headers:
        return answer
    vary_by(answer, "Accept-Encoding")
    body = answer.body if isinstance(answer, web.Response) else None
    if not isinstance(body, bytes) or len(body) < LEAST or _has_strong_tag(answer):
        return answer
    if _accepts(request):
        assert isinstance(answer, web.Response)
        answer.body = await _compressed(body)
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def _has_strong_tag(answer: web.StreamResponse) -> bool:
    return not answer.headers.get("ETag", "W/").startswith("W/")


def compress_stream(request: web.Request, answer: web.StreamResponse) -> None:
    """The same for an answer that is sent in pieces; before its first."""
    vary_by(answer, "Accept-Encoding")
    if request.method != "HEAD" and _accepts(request):
        answer.enable_compression(web.ContentCoding.gzip)


def _accepts(request: web.Request) -> bool:
    return takes_gzip(",".join(request.headers.getall("Accept-Encoding", ())))


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client says so.

    >>> [takes_gzip(text) for text in ("gzip, br", "gzip;q=0", "*;q=0.5", "", "identity")]
    [True, False, True, False, False]
    """
    found: dict[str, float] = {}
    for part in accept_encoding.split(","):
        name, _, parameter = part.partition(";")
        _, _, quality = parameter.partition("=")
        try:
            found[name.strip().lower()] = float(quality) if quality else 1.0
        except ValueError:
            found[name.strip().lower()] = 0.0
    return found.get("gzip", found.get("*", 0.0)) > 0


async def _compressed(body: bytes) -> bytes:
    if len(body) < _LARGE:
        return gzip.compress(body, _LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
