"""A server inside the test's process: the real application on a real socket, on a loop of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from typing import Any

from aiohttp import web
from rest_client import RestClient

from quarterjack.http.app import app_runner, build_app
from quarterjack.runtime import Runtime, Settings, Workflow

_SECONDS = 30


class Site:
    """Serves until it is closed; use as a context manager."""

    def __init__(
        self, workflows: Iterable[Workflow], database: str = "sqlite://", **settings: Any
    ) -> None:
        self.runtime = Runtime(database, workflows=workflows, settings=Settings.of(**settings))
        self.app = build_app(self.runtime)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="site")
        self._runner: web.AppRunner | None = None
        self.client = RestClient("http://127.0.0.1:0")

    def __enter__(self) -> "Site":
        self._thread.start()
        try:
            self.client = RestClient(self.run(self._start()))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.run(self._stop())
        finally:
            self._end()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the server's loop; its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(_SECONDS)

    async def _start(self) -> str:
        await self.runtime.serve_on_this_loop()
        self._runner = app_runner(self.app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def _stop(self) -> None:
        await self.runtime.drain(0)
        if self._runner is not None:
            await self._runner.cleanup()
        await self.loop.shutdown_default_executor()

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_SECONDS)
        self.loop.close()
