"""`/metrics`: what there is to measure, for Prometheus."""

import asyncio

from aiohttp import web

from ..call import Call
from ..metrics import REGISTRY, rendered


def calls() -> list[Call]:
    """What a monitoring system asks for."""
    return [Call("getMetrics", "GET", "/metrics", read, media="text/plain")]


async def read(request: web.Request) -> web.StreamResponse:
    """The figures of the server in Prometheus' text format, or as OpenMetrics."""
    accept = ",".join(request.headers.getall("Accept", ()))
    body, content_type = await asyncio.to_thread(rendered, request.app[REGISTRY], accept)
    return web.Response(body=body, headers={"Content-Type": content_type})
