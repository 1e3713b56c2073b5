"""The aiohttp application: routes, and what stands around each of them."""

import asyncio
from typing import Final

from aiohttp import web

from quarterjack.runtime import Runtime

from .access import access
from .audit_trail import audit_trail
from .auth import DOORKEEPER, Doorkeeper, authenticate
from .authorization import authorize
from .bodies import LARGEST_BODY
from .call import add_calls
from .guard import add_security_headers, guard
from .idempotency import RUNNING, once
from .keys import CONNECTIONS, DRAINING, IMPORTS, RUNTIME
from .live import LiveConnection
from .metrics import add_metrics
from .problems import problem_details
from .request_ids import IDS, add_request_id, request_ids
from .routes import all_calls

_KEEP_ALIVE_SECONDS: Final = 75.0
_MOST_IMPORTS: Final = 2
_LINGER_SECONDS: Final = 2.0
"""For the rest of a refused body, and for requests that are being answered at the end."""


def build_app(runtime: Runtime) -> web.Application:
    """The front of a runtime, whose actors are on the loop that will serve it."""
    around = [
        request_ids,
        access,
        problem_details,
        guard,
        authenticate,
        audit_trail,
        authorize,
        once,
    ]
    app = web.Application(middlewares=around, client_max_size=LARGEST_BODY)
    connections: set[LiveConnection] = set()
    app[RUNTIME] = runtime
    app[DOORKEEPER] = Doorkeeper(runtime)
    app[RUNNING] = {}
    app[CONNECTIONS] = connections
    app[DRAINING] = asyncio.Event()
    app[IMPORTS] = asyncio.Semaphore(_MOST_IMPORTS)
    app[IDS] = runtime.ids
    add_metrics(app, runtime, lambda: len(connections))
    app.on_response_prepare.append(add_security_headers)
    app.on_response_prepare.append(add_request_id)
    app.on_shutdown.append(_close_connections)
    add_calls(app, all_calls())
    return app


def app_runner(app: web.Application) -> web.AppRunner:
    """What serves the application, with limits on how long a connection may do nothing."""
    return web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
        lingering_time=_LINGER_SECONDS,
        shutdown_timeout=_LINGER_SECONDS,
    )


async def _close_connections(app: web.Application) -> None:
    connections = app[CONNECTIONS]
    for connection in list(connections):
        await connection.close()
