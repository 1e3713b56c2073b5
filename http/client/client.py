"""A server as if it were a runtime in this program: the same calls, over REST and WebSocket.

    with Client("http://127.0.0.1:8321", token="…") as client:
        execution_id = client.trigger_scheduled_execution(schedule_id).get()
        print(client.wait_for(execution_id).get(timeout=60).status)

Every call returns a `Reply`: `.get(timeout=…)` in a thread, `await` on any asyncio loop. Errors are
raised there, as subclasses of those that a runtime raises. Calls are safe from any thread.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, overload

from quarterjack.actors.engine import Reply
from quarterjack.runtime.hosts import in_thread
from quarterjack.storage import IdSource, InvalidInput, RandomIds
from quarterjack.storage.queries import PageRequest

from ..shapes.executions import ExecutionDetail
from ..shapes.shape import Listing, Shape
from ..shapes.states import ActorChanges, ServerState
from .access_calls import AccessCalls
from .address import ServerAddress
from .answer_reader import AnswerReader
from .bulk_calls import BulkCalls
from .callbacks import Callback
from .errors import ClientClosed
from .event_stream import MOST_WAITING, EventBuffer, EventStream
from .execution_calls import ExecutionCalls
from .flow import Flow
from .listing import PagedReply, listing_query, page_of
from .maintenance_calls import MaintenanceCalls
from .request import Wanted
from .schedule_calls import ScheduleCalls
from .server_calls import ServerCalls
from .session import Options, Session, SessionThread, Work
from .state_stream import BUFFERS, StateStream, Watched
from .statistics_calls import StatisticsCalls
from .subscription import EventSubscription, StateSubscription, Subscription
from .transport import tls_context
from .webhook_calls import WebhookCalls
from .wire import WIRES, Encoding

T = TypeVar("T")
S = TypeVar("S", bound=Shape)


class Client(
    ScheduleCalls,
    ExecutionCalls,
    StatisticsCalls,
    ServerCalls,
    BulkCalls,
    WebhookCalls,
    AccessCalls,
    MaintenanceCalls,
):
    """Of the server at `url`, which can have a path (`https://example.org/quarterjack`).

    `timeout` is how many seconds an answer may take. What can be repeated without harm is tried up to
    `retries` times more when the server is not there, or too busy: whatever only reads, and what
    starts work, which is sent with an `Idempotency-Key`. `ca` is a file with the certificates to
    believe; `verify=False` believes any. `encoding` is that of the events. Raises `InvalidInput`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: float = 60.0,
        retries: int = 4,
        verify: bool = True,
        ca: str | Path | None = None,
        encoding: Encoding = "json",
        ids: IdSource | None = None,
    ) -> None:
        if encoding not in WIRES:
            raise InvalidInput.field("encoding", msg=f"there are {' and '.join(WIRES)}")
        self._ids = ids or RandomIds()
        self._options = Options(
            ServerAddress.parse(url),
            token,
            timeout,
            retries,
            tls_context(verify=verify, ca=ca),
            encoding,
            self._ids,
        )
        self._lock = threading.Lock()
        self._thread: SessionThread | None = None
        self._is_closed = False

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._options.address.url

    # Events

    def events(
        self, topic: str = "*", *, key: str | None = None, after: int | None = None
    ) -> EventStream:
        """The events of a topic as they happen: `for event in …` in a thread, or `async for`.

        From now on, or all after the sequence number `after`, the stored ones first. They go on when
        the connection was lost, also when the server ended meanwhile: none is left out, none comes
        twice. Iterating raises `InvalidInput` for an unknown topic, `Unauthorized`, and
        `ServerUnreachable` if there never was a server.
        """
        buffer = EventBuffer(MOST_WAITING)
        wanted = EventSubscription(topic, key, after, buffer)
        buffer.on_room = lambda: self._soon(lambda session: session.feed.resume(wanted))
        return EventStream(buffer, self._fed(wanted))

    @overload
    def watch(self, topic: Literal["server"]) -> StateStream[ServerState]: ...

    @overload
    def watch(self, topic: Literal["actors"]) -> StateStream[ActorChanges]: ...

    def watch(self, topic: Watched) -> StateStream[Any]:
        """How the `server` is, or what its `actors` do: what is now, and then whenever that changes.

        Of the actors there are all at first (`reset`), then those that have changed; `apply` brings a
        dict of them up to date. It goes on when the connection was lost. Iterating raises
        `InvalidInput` for an unknown topic, `Forbidden` and `Unauthorized`, and `ServerUnreachable` if
        there never was a server.
        """
        if topic not in BUFFERS:
            raise InvalidInput.field("topic", msg=f"there are {' and '.join(BUFFERS)}")
        buffer = BUFFERS[topic]()
        return StateStream(buffer, self._fed(StateSubscription(topic, buffer)))

    def subscribe(self, topic: str, callback: Callback, *, key: str | None = None) -> Reply[str]:
        """Have every matching event given to a callback, from now on; the subscription's id.

        Callbacks run one after the other on a thread of their own; an exception there is logged.
        Raises `InvalidInput` for an unknown topic.
        """
        stream = self.events(topic, key=key)
        subscription = self._ids.new("sub")

        async def follow(session: Session) -> str:
            await stream.opened
            session.callbacks.follow(subscription, stream, callback)
            return subscription

        return self._run(follow)

    def unsubscribe(self, subscription: str) -> Reply[bool]:
        """End a subscription; whether there was one of that id."""

        async def end(session: Session) -> bool:
            return session.callbacks.end(subscription)

        return self._run(end)

    def on_schedule_triggered(self, callback: Callback) -> Reply[str]:
        """Have a callback called for every execution that a schedule makes."""
        return self.subscribe("schedule:triggered", callback)

    def on_workflow_completed(self, callback: Callback) -> Reply[str]:
        """Have a callback called for every execution that succeeds."""
        return self.subscribe("workflow:completed", callback)

    def wait_for(self, execution_id: str) -> Reply[ExecutionDetail]:
        """The execution when it has ended, also if the server restarts meanwhile. Raises `NotFound`."""
        return self._run(lambda session: session.ends.end_of(execution_id))

    # Life

    def close(self) -> Reply[None]:
        """End the connections and what is under way; what was asked for and not answered may be done."""
        with self._lock:
            thread, self._thread, self._is_closed = self._thread, None, True
        return Reply.of(None) if thread is None else in_thread(thread.close, "client-close")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close().get()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # How a call is made

    def _opened(self) -> SessionThread:
        with self._lock:
            if self._is_closed:
                raise ClientClosed("The client is closed; make another one.")
            if self._thread is None:
                self._thread = SessionThread(self._options)
            return self._thread

    def _fed(self, wanted: Subscription) -> Callable[[], None]:
        """Begin a subscription; what ends it."""
        try:
            thread = self._opened()
        except ClientClosed as error:
            wanted.subscriber.end(error)
            return lambda: None

        async def add(session: Session) -> None:
            session.feed.add(wanted)

        thread.run(add)
        return lambda: thread.soon(lambda session: session.feed.drop(wanted))

    def _soon(self, work: Callable[[Session], None]) -> None:
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.soon(work)

    def _run(self, make: Work[T]) -> Reply[T]:
        try:
            return self._opened().run(make)
        except ClientClosed as error:
            failed: Reply[T] = Reply()
            failed.set_exception(error)
            return failed

    def _ask(self, shape: type[S], wanted: Wanted) -> Reply[S]:
        return self._run(lambda session: session.ask(shape, wanted))

    def _tell(self, wanted: Wanted) -> Reply[None]:
        return self._run(lambda session: session.answer(wanted)).map(lambda _: None)

    def _list(self, shape: type[S], wanted: Wanted, page: PageRequest) -> PagedReply[S]:
        async def read(session: Session, page: PageRequest) -> Listing[S]:
            return await session.ask(Listing[shape], listing_query(wanted, page))  # type: ignore[valid-type]

        return PagedReply(
            lambda page: self._run(lambda session: read(session, page)).map(page_of), page
        )

    def _lines(self, wanted: Wanted) -> Flow[bytes]:
        return Flow(lambda: AnswerReader(self._run, lambda session: session.lines(wanted)))

    def _pieces(self, wanted: Wanted) -> Flow[bytes]:
        return Flow(lambda: AnswerReader(self._run, lambda session: session.pieces(wanted)))
