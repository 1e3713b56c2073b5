"""A server inside the test's process: the real application on a real socket, on a loop of its own."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Iterable
from typing import Any

from rest_client import RestClient

from quarterjack.http.app import build_app
from quarterjack.http.listener import Listener
from quarterjack.http.server import bind, url_of
from quarterjack.http.settings import HttpSettings
from quarterjack.runtime import Runtime, Settings, Workflow

_SECONDS = 30


class Site:
    """Serves until it is closed; use as a context manager."""

    def __init__(
        self,
        workflows: Iterable[Workflow] = (),
        database: str = "sqlite://",
        front: HttpSettings | None = None,
        context: ssl.SSLContext | None = None,
        **settings: Any,
    ) -> None:
        self.runtime = Runtime(database, workflows=workflows, settings=Settings.of(**settings))
        self.app = build_app(self.runtime, front)
        self.listener = Listener(self.app, context)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="site")
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
        listening = bind(self.listener.settings.host, 0)
        await self.listener.start(listening)
        return url_of(listening, "http" if self.listener.context is None else "https")

    async def _stop(self) -> None:
        await self.runtime.drain(0)
        await self.listener.stop()
        await self.loop.shutdown_default_executor()

    def _end(self) -> None:
        if self._thread.is_alive():
            self.run(_cancel_the_rest())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_SECONDS)
        self.loop.close()


async def _cancel_the_rest() -> None:
    """As `asyncio.run` does at its end."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
