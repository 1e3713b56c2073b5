"""What a client has while it is open, all of it on its loop: connections, subscriptions, calls under way."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from pydantic import ValidationError

from quarterjack.actors.engine import Reply, SystemClock
from quarterjack.runtime.hosts import LoopThread
from quarterjack.storage import IdSource

from ..shapes.executions import ExecutionDetail
from ..shapes.shape import Shape
from .address import ServerAddress
from .callbacks import Callbacks
from .end_watch import EndWatch
from .errors import ClientClosed, NotAQuarterjackServer
from .feed import Feed
from .repetition import Backoff, Repetition
from .request import Wanted
from .transport import Answer, Transport
from .wire import WIRES, Encoding

T = TypeVar("T")
S = TypeVar("S", bound=Shape)


@dataclass(frozen=True, slots=True)
class Options:
    """What a client was made with."""

    address: ServerAddress
    token: str | None
    seconds: float
    retries: int
    tls: ssl.SSLContext | bool
    encoding: Encoding
    ids: IdSource


class Session:
    """Made on the loop, and closed there."""

    def __init__(self, options: Options) -> None:
        clock = SystemClock(asyncio.get_running_loop())
        backoff = Backoff(Random(options.ids.new("chance")))
        self._ids = options.ids
        self.transport = Transport(
            options.address,
            token=options.token,
            seconds=options.seconds,
            tls=options.tls,
            repetition=Repetition(options.retries, backoff),
            clock=clock,
        )
        self.feed = Feed(self.transport, WIRES[options.encoding])
        self.ends = EndWatch(self.feed, self._execution, clock, backoff)
        self.callbacks = Callbacks()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def answer(self, wanted: Wanted) -> Answer:
        """What the server says. Raises as `Transport.send`, and as `Wanted.request`."""
        return await self.transport.send(wanted.request(self._ids.new("key")))

    async def ask(self, shape: type[S], wanted: Wanted) -> S:
        """The same, in its shape."""
        answer = await self.answer(wanted)
        try:
            return shape.model_validate_json(answer.raw)
        except ValidationError as error:
            url = self.transport.address.url
            raise NotAQuarterjackServer(url, answer.status) from error

    def lines(self, wanted: Wanted) -> AsyncGenerator[list[bytes], None]:
        """The lines of an answer."""
        return self.transport.lines(wanted.request(self._ids.new("key")))

    def pieces(self, wanted: Wanted) -> AsyncGenerator[list[bytes], None]:
        """The bytes of an answer."""
        return self.transport.pieces(wanted.request(self._ids.new("key")))

    async def under_way(self, work: Awaitable[T]) -> T:
        """Do it, as long as the session is open. Raises `ClientClosed` if it is closed meanwhile."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            return await work
        except asyncio.CancelledError:
            raise ClientClosed("The client was closed before the answer came.") from None
        finally:
            self._tasks.discard(task)

    async def close(self) -> None:
        """End everything."""
        await self.feed.close()
        await self.callbacks.stop()
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.transport.close()

    async def _execution(self, key: str) -> ExecutionDetail:
        return await self.ask(ExecutionDetail, Wanted("getExecution", {"execution_id": key}))


Work = Callable[[Session], Coroutine[Any, Any, T]]
"""What is done with a session, on its loop."""


class SessionThread:
    """A session on a loop of its own, on a thread of its own."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._thread = LoopThread()
        self._session: Session | None = None
        self._is_closed = False

    def run(self, make: Work[T]) -> Reply[T]:
        """Have it done there."""
        return self._thread.run(self._with_session(make))

    def soon(self, work: Callable[[Session], None]) -> None:
        """Have it done there, if it is still open; nobody waits for it."""
        try:
            self._thread.loop.call_soon_threadsafe(self._do, work)
        except RuntimeError:
            return  # the loop is closed

    def close(self) -> None:
        """End it, and the thread; blocks."""
        try:
            self._thread.run(self._close_session()).get()
            if self._session is not None:
                self._session.callbacks.close()
        finally:
            self._thread.close()

    async def _close_session(self) -> None:
        self._is_closed = True
        if self._session is not None:
            await self._session.close()

    async def _with_session(self, make: Work[T]) -> T:
        if self._is_closed:
            raise ClientClosed("The client was closed.")
        if self._session is None:
            self._session = Session(self._options)
        return await self._session.under_way(make(self._session))

    def _do(self, work: Callable[[Session], None]) -> None:
        if self._session is not None:
            work(self._session)
