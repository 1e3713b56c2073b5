"""Serves a runtime on one loop until it is told to end: bind, start, answer, drain.

SIGTERM and SIGINT let running steps end and then end with 0; a second one ends at once. SIGHUP has
the certificate read again. When the root supervisor gives up, the server ends with 70, for whoever
restarts it.
"""

import asyncio
import logging
import os
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Final

from quarterjack.runtime import Runtime

from .app import build_app
from .errors import BadOption
from .garbage import Garbage
from .keys import DRAINING
from .listener import Listener
from .settings import HttpSettings
from .tls import tls_context

logger = logging.getLogger("quarterjack.http")
_SIGNAL_BASE: Final = 128


class ExitCode(IntEnum):
    """With what the server ends (sysexits.h, and the shell's habits)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SOFTWARE = 70


def beyond_loopback_allowed(runtime: Runtime) -> bool:
    """Whether whoever calls has to have a token, so that others than this machine may. Blocks."""
    return runtime.has_tokens()


def check_host(runtime: Runtime, settings: HttpSettings) -> None:
    """Raise `BadOption` for an address that others reach, unless tokens keep them out."""
    if settings.is_beyond_loopback and not beyond_loopback_allowed(runtime):
        raise BadOption(
            f"--host {settings.host}: without tokens the server takes loopback addresses only; make "
            "one with `quarterjack token create`, or use 127.0.0.1"
        )


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to that address; port 0 picks a free one. Blocks on name resolution.

    Raises `BadOption` for an address that this machine does not have, and for a port that is taken.
    """
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


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """The address at which clients find it."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def context_of(settings: HttpSettings) -> ssl.SSLContext | None:
    """For TLS, if that is wanted. Blocks on files. Raises `BadOption`."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return tls_context(settings.tls_cert, settings.tls_key)


async def serve(
    runtime: Runtime,
    listening: socket.socket,
    ready: Callable[[str], Awaitable[None]],
    settings: HttpSettings | None = None,
    context: ssl.SSLContext | None = None,
) -> ExitCode:
    """Serve until a signal comes, or the runtime fails; closes the socket.

    `ready` is called with the address when requests are answered. Raises `DatabaseError`.
    """
    app = build_app(runtime, settings)
    listener = Listener(app, context)
    ending, garbage = _Ending(listener), Garbage()
    runtime.on_failure(ending.fail)
    ending.install()
    try:
        await runtime.serve_on_this_loop()
        await listener.start(listening)
        garbage.start()
        await ready(url_of(listening, "http" if context is None else "https"))
        await ending.wait()
    finally:
        garbage.stop()
        app[DRAINING].set()
        await runtime.drain()
        await listener.stop()
        listening.close()
        ending.uninstall()
    return ending.code


class _Ending:
    """Why and how the server ends."""

    def __init__(self, listener: Listener) -> None:
        self.code = ExitCode.OK
        self._listener = listener
        self._renewals: set[asyncio.Task[None]] = set()
        self._asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def wait(self) -> None:
        await self._asked.wait()

    def install(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(each, self._signalled, each)
        self._loop.add_signal_handler(signal.SIGHUP, self._hung_up)

    def uninstall(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.remove_signal_handler(each)

    def fail(self, error: BaseException) -> None:
        logger.critical("the server ends: %s", error)
        self.code = ExitCode.SOFTWARE
        self._asked.set()

    def _hung_up(self) -> None:
        if self._listener.context is None:
            logger.info("SIGHUP is ignored")
            return
        task = self._loop.create_task(self._renew())
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _renew(self) -> None:
        """Use the certificate that is in the files now for the connections to come."""
        try:
            self._listener.context = await asyncio.to_thread(context_of, self._listener.settings)
        except BadOption as error:
            logger.error("SIGHUP: the certificate stays as it was: %s", error)
        else:
            logger.info("SIGHUP: the certificate was read again")

    def _signalled(self, number: signal.Signals) -> None:
        if self._asked.is_set():
            logger.warning("%s again: ending now; what ran goes on at the next start", number.name)
            logging.shutdown()
            os._exit(_SIGNAL_BASE + number)
        logger.info("%s: running steps may end, then the server does", number.name)
        self._asked.set()
