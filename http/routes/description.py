"""`/openapi.json`: what the server answers, for programs that make clients of it."""

import asyncio

from aiohttp import web

from .. import json_text
from ..call import CALLS, Call
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
    table = list(request.app[CALLS].values())
    raw = await asyncio.to_thread(_described, table)
    return web.Response(body=raw, content_type="application/json")


def _described(table: list[Call]) -> bytes:
    return json_text.dump(describe(table))
