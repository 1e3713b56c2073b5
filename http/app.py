"""The aiohttp application: routes, and what stands around each of them."""

import asyncio
from typing import Final

from aiohttp import web

from quarterjack.runtime import Runtime

from .access import access
from .audit_trail import audit_trail
from .auth import DOORKEEPER, Doorkeeper, authenticate
from .authorization import authorize
from .call import add_calls
from .compression import compress
from .connection import tell_connection
from .cross_origin import allow_origin, preflights
from .expectations import expected
from .guard import guard
from .headers import add_headers
from .idempotency import RUNNING, once
from .keys import CONNECTIONS, DRAINING, IMPORTS, RUNTIME, SETTINGS
from .live_connections import LiveConnections
from .methods import options
from .metrics import add_metrics
from .problems import problem_details
from .protocol import LARGEST_BODY
from .request_ids import IDS, add_request_id, request_ids
from .routes import all_calls
from .settings import HttpSettings

_MOST_IMPORTS: Final = 2


def build_app(runtime: Runtime, settings: HttpSettings | None = None) -> web.Application:
    """The front of a runtime, whose actors are on the loop that will serve it."""
    outside = [tell_connection, request_ids, access, problem_details]
    door = [guard, preflights, options, compress]
    inside = [authenticate, audit_trail, authorize, once]
    around = [*outside, *door, *inside]
    app = web.Application(middlewares=around, client_max_size=LARGEST_BODY)
    doorkeeper = Doorkeeper(runtime)
    connections = LiveConnections(runtime, doorkeeper)
    app[RUNTIME] = runtime
    app[SETTINGS] = settings or HttpSettings()
    app[DOORKEEPER] = doorkeeper
    app[RUNNING] = {}
    app[CONNECTIONS] = connections
    app[DRAINING] = asyncio.Event()
    app[IMPORTS] = asyncio.Semaphore(_MOST_IMPORTS)
    app.on_response_prepare.append(add_headers)
    app.on_response_prepare.append(allow_origin)
    app[IDS] = runtime.ids
    add_metrics(app, runtime, lambda: len(connections))
    app.on_response_prepare.append(add_request_id)
    app.on_shutdown.append(_close_connections)
    add_calls(app, all_calls())
    _serve_below(app, app[SETTINGS].path_prefix)
    return app


def _serve_below(app: web.Application, prefix: str) -> None:
    """Answer each address under the prefix, too: a proxy may take it off, or not."""
    if not prefix:
        return
    for route in list(app.router.routes()):
        if route.resource is not None:
            path = prefix + route.resource.canonical
            app.router.add_route(route.method, path, route.handler, expect_handler=expected)


async def _close_connections(app: web.Application) -> None:
    await app[CONNECTIONS].close()
