"""The aiohttp application: routes, and what stands around each of them."""

import asyncio

from aiohttp import web

from quarterjack.runtime import Runtime

from .bodies import LARGEST_BODY
from .guard import add_security_headers, guard
from .keys import CONNECTIONS, DRAINING, RUNTIME
from .live import LiveConnection
from .problems import problem_details
from .routes import all_routes


def build_app(runtime: Runtime) -> web.Application:
    """The front of a runtime, whose actors are on the loop that will serve it."""
    app = web.Application(middlewares=[problem_details, guard], client_max_size=LARGEST_BODY)
    connections: set[LiveConnection] = set()
    app[RUNTIME] = runtime
    app[CONNECTIONS] = connections
    app[DRAINING] = asyncio.Event()
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(_close_connections)
    app.add_routes(all_routes())
    return app


async def _close_connections(app: web.Application) -> None:
    connections = app[CONNECTIONS]
    for connection in list(connections):
        await connection.close()
