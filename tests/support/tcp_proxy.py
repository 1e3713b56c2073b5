"""A relay between a client and a server of the test, whose connections the test can cut."""

import asyncio
import threading
from contextlib import suppress
from urllib.parse import urlsplit

_SECONDS = 20


class TcpProxy:
    """Passes on whatever comes to the server at `url`; use as a context manager."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp proxy")
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self.cuts = 0
        """How many connections were cut."""

    @property
    def url(self) -> str:
        """Where it is."""
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._writers)

    def cut(self) -> None:
        """Break off every connection, without a goodbye."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(_SECONDS)

    def __enter__(self) -> "TcpProxy":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)

    async def _stop(self) -> None:
        self._server.close()
        await self._cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
            self.cuts += 1

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with suppress(OSError):
                beyond = await asyncio.open_connection(self._target.hostname, self._target.port)
                try:
                    await asyncio.gather(_pass(reader, beyond[1]), _pass(beyond[0], writer))
                finally:
                    beyond[1].close()
        finally:
            self._writers.discard(writer)
            writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()
