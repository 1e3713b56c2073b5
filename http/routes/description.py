"""`/openapi.json`: what the server answers, for programs that make clients of it."""

import asyncio

from aiohttp import web

from .. import json_text
from ..call import CALLS, Call
from ..keys import SETTINGS, runtime_of
from ..openapi import describe


def calls() -> list[Call]:
    """The description of all calls."""
    return [
        Call(
            "getDescription",
            "GET",
            "/openapi.json",
            read,
            media="application/json",
            is_for_some=True,
        )
    ]


async def read(request: web.Request) -> web.StreamResponse:
    """This description."""
    raw = await asyncio.to_thread(
        _described,
        list(request.app[CALLS].values()),
        request.app[SETTINGS].path_prefix,
        needs_token=runtime_of(request).has_tokens(),
    )
    return web.Response(body=raw, content_type="application/json")


def _described(table: list[Call], prefix: str, *, needs_token: bool) -> bytes:
    return json_text.dump(describe(table, prefix, needs_token=needs_token))
