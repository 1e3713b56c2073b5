"""Serves a runtime on one loop until it is told to end: bind, start, answer, drain.

SIGTERM and SIGINT let running steps end and then end with 0; a second one ends at once. SIGHUP is
ignored. When the root supervisor gives up, the server ends with 70, for whoever restarts it.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Final

from aiohttp import web

from quarterjack.runtime import Runtime

from .app import app_runner, build_app
from .errors import BadOption
from .guard import is_loopback
from .keys import DRAINING

logger = logging.getLogger("quarterjack.http")
_BACKLOG: Final = 1_024
_SIGNAL_BASE: Final = 128


class ExitCode(IntEnum):
    """With what the server ends (sysexits.h, and the shell's habits)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SOFTWARE = 70


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to a loopback address; port 0 picks a free one. Blocks on name resolution.

    Raises `BadOption` for another address, and for a port that is taken.
    """
    if not is_loopback(host):
        raise BadOption(
            f"--host {host}: without tokens the server takes loopback addresses only; "
            "use 127.0.0.1, or a proxy that checks who calls"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise BadOption(f"--host {host}: {error.strerror or error}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise BadOption(
            f"--port {port}: can't listen on {host}:{port}: {error.strerror}; "
            "choose another, or 0 for a free one"
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """The address at which clients find it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    runtime: Runtime, listener: socket.socket, ready: Callable[[str], Awaitable[None]]
) -> ExitCode:
    """Serve until a signal comes, or the runtime fails; closes the socket.

    `ready` is called with the address when requests are answered. Raises `DatabaseError`.
    """
    ending = _Ending()
    runtime.on_failure(ending.fail)
    app = build_app(runtime)
    runner = app_runner(app)
    ending.install()
    try:
        await runtime.serve_on_this_loop()
        await runner.setup()
        await web.SockSite(runner, listener, backlog=_BACKLOG).start()
        gc.collect()
        gc.freeze()  # what is there now stays; looking at it again would hold up the loop
        await ready(url_of(listener))
        await ending.wait()
    finally:
        app[DRAINING].set()
        await runtime.drain()
        await runner.cleanup()
        listener.close()
        ending.uninstall()
    return ending.code


class _Ending:
    """Why and how the server ends."""

    def __init__(self) -> None:
        self.code = ExitCode.OK
        self._asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def wait(self) -> None:
        await self._asked.wait()

    def install(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(each, self._signalled, each)
        self._loop.add_signal_handler(signal.SIGHUP, logger.info, "SIGHUP is ignored")

    def uninstall(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.remove_signal_handler(each)

    def fail(self, error: BaseException) -> None:
        logger.critical("the server ends: %s", error)
        self.code = ExitCode.SOFTWARE
        self._asked.set()

    def _signalled(self, number: signal.Signals) -> None:
        if self._asked.is_set():
            logger.warning("%s again: ending now; what ran goes on at the next start", number.name)
            logging.shutdown()
            os._exit(_SIGNAL_BASE + number)
        logger.info("%s: running steps may end, then the server does", number.name)
        self._asked.set()
