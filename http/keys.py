"""What the application keeps for its handlers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from quarterjack.runtime import Runtime

from .settings import HttpSettings

if TYPE_CHECKING:
    from .live_connections import LiveConnections

RUNTIME: web.AppKey[Runtime] = web.AppKey("runtime", Runtime)
SETTINGS: web.AppKey[HttpSettings] = web.AppKey("settings", HttpSettings)
CONNECTIONS: web.AppKey[LiveConnections] = web.AppKey("connections")
"""The WebSockets that are open."""
IMPORTS: web.AppKey[asyncio.Semaphore] = web.AppKey("imports", asyncio.Semaphore)
"""A place for each import that may run: each has its whole body in memory."""
DRAINING: web.AppKey[asyncio.Event] = web.AppKey("draining", asyncio.Event)
"""Set when the server is ending."""
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
"""What the request is called in answers, logs and the audit table, if it is called anything."""


def runtime_of(request: web.Request) -> Runtime:
    """The runtime that this application is the front of."""
    return request.app[RUNTIME]
