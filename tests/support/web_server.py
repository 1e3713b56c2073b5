"""A web server on this machine that answers as the test says, and keeps what it was asked."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

_SECONDS = 20
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(NamedTuple):
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class WebServer:
    """Answers 200 `hello` unless it has a handler for the path; use as a context manager."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.asked: list[Asked] = []
        self.handlers: dict[str, Handler] = {}
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="web server")
        self._runner: web.AppRunner

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    def answer(self, path: str, status: int = 200, text: str = "", **headers: str) -> None:
        """Answer a path always alike; `_` in a header's name stands for `-`."""

        async def handle(_: web.Request) -> web.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(status=status, text=text, headers=named)

        self.handlers[path] = handle

    def __enter__(self) -> "WebServer":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.text()
        self.asked.append(Asked(request.method, request.path_qs, headers, body))
        handler = self.handlers.get(request.path)
        return web.Response(text="hello") if handler is None else await handler(request)
