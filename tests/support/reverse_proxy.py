"""A small reverse proxy, as people put in front of a server: HTTP and WebSocket, headers as configured."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web

_SECONDS = 20
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"}
Said = Callable[[web.Request], dict[str, str]]
"""What the proxy says of a request, besides what that says; an empty value takes a header away."""


class ReverseProxy:
    """Passes everything on to `target`, from `source`; use as a context manager."""

    def __init__(
        self, target: str, said: Said, *, strips: str = "", source: str = "127.0.0.1"
    ) -> None:
        self._target, self._said, self._strips, self._source = target, said, strips, source
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="reverse proxy")
        self._runner: web.AppRunner
        self._session: aiohttp.ClientSession
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "ReverseProxy":
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    def _run(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_SECONDS)

    async def _start(self) -> None:
        connector = aiohttp.TCPConnector(local_addr=(self._source, 0))
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        url = self._target + request.path_qs.removeprefix(self._strips)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
        for name, value in self._said(request).items():
            headers = {k: v for k, v in headers.items() if k.lower() != name.lower()}
            headers |= {name: value} if value else {}
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_frames_on(request, url, headers)
        async with self._session.request(
            request.method, url, headers=headers, data=await request.read(), allow_redirects=False
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def _pass_frames_on(
        self, request: web.Request, url: str, headers: dict[str, str]
    ) -> web.WebSocketResponse:
        kept = {k: v for k, v in headers.items() if not k.lower().startswith("sec-websocket")}
        async with self._session.ws_connect(url, headers=kept) as behind:
            front = web.WebSocketResponse()
            await front.prepare(request)

            async def back() -> None:
                async for message in behind:
                    await front.send_str(message.data)

            task = asyncio.create_task(back())
            async for message in front:
                await behind.send_str(message.data)
            task.cancel()
            return front
