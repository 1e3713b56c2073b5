"""One WebSocket client: its subscriptions, and the events on their way to it.

Events come in the order of their `seq`. A client that does not keep up is told so and loses its
subscriptions, so it never holds up anybody else. Runs on the loop.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import WSCloseCode, WSMsgType, web

from quarterjack.actors.broadcaster import Published
from quarterjack.actors.engine import Reply
from quarterjack.runtime import Runtime
from quarterjack.storage import Event, QuarterjackError
from quarterjack.storage.events import TOPICS, topics

from .frames import Codec, Frame, FrameError, Subscribe, Unsubscribe, frame_of

logger = logging.getLogger("quarterjack.http.live")
MOST_SUBSCRIPTIONS: Final = 100
MOST_WAITING: Final = 2_000
"""Events that may wait for a client."""
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class _LiveEvent:
    published: Published
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Replay:
    """Stored events for one subscription: those with `after` < seq ≤ `until`."""

    wanted: Subscribe
    after: int
    until: int


class LiveConnection:
    """`serve` reads the client's frames, and a task of its own writes what is waiting."""

    def __init__(self, runtime: Runtime, socket: web.WebSocketResponse, codec: Codec) -> None:
        self._runtime = runtime
        self._socket = socket
        self._codec = codec
        self._subscriptions: dict[str, Subscribe] = {}
        self._waiting: deque[_LiveEvent | _Replay | dict[str, Any]] = deque()
        self._events_waiting = 0
        self._last_seq = 0
        self._wake = asyncio.Event()

    async def serve(self) -> None:
        """Until either side closes."""
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._take(message)
        finally:
            self._runtime.forget(self)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def close(self) -> None:
        """The server is going away."""
        self._runtime.forget(self)
        await self._socket.close(code=WSCloseCode.GOING_AWAY, message=b"the server is ending")

    def offer(self, published: Published, ids: tuple[str, ...]) -> None:
        """Called by the broadcaster for each event that matches."""
        if self._events_waiting >= MOST_WAITING:
            self._lag()
            return
        self._events_waiting += 1
        self._last_seq = published.event.seq
        self._put(_LiveEvent(published, ids))

    # What the client says

    def _take(self, message: Any) -> None:
        try:
            self._obey(frame_of(self._codec.read(message)))
        except FrameError as error:
            self._put_error(error)

    def _obey(self, frame: Frame) -> None:
        match frame:
            case Subscribe():
                self._subscribe(frame)
            case Unsubscribe():
                self._unsubscribe(frame)
            case _:
                self._put({"op": "pong"})

    def _subscribe(self, wanted: Subscribe) -> None:
        if wanted.topic not in TOPICS:
            raise FrameError("unknown-topic", f"there is no topic {wanted.topic!r:.60}", wanted.id)
        fresh = wanted.id not in self._subscriptions
        if fresh and len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            limit = f"a connection has at most {MOST_SUBSCRIPTIONS} subscriptions"
            raise FrameError("too-many-subscriptions", limit, wanted.id)
        self._subscriptions[wanted.id] = wanted
        # Called back by the broadcaster before it can offer the next event: no gap, no repeat.
        self._runtime.listen(self, wanted.id, wanted.topic, wanted.key).add_done_callback(
            lambda reply: self._subscribed(wanted, reply)
        )

    def _subscribed(self, wanted: Subscribe, reply: Reply[int]) -> None:
        try:
            seq = reply.get()
        except QuarterjackError as error:
            self._subscriptions.pop(wanted.id, None)
            self._put_error(FrameError("unavailable", str(error), wanted.id))
            return
        self._last_seq = max(self._last_seq, seq)
        self._put({"op": "subscribed", "id": wanted.id, "seq": seq})
        if wanted.after is not None and wanted.after < seq:
            self._put(_Replay(wanted, wanted.after, seq))

    def _unsubscribe(self, frame: Unsubscribe) -> None:
        if self._subscriptions.pop(frame.id, None) is None:
            raise FrameError(
                "unknown-subscription", f"there is no subscription {frame.id!r}", frame.id
            )
        self._runtime.unlisten(self, frame.id).add_done_callback(
            lambda _: self._put({"op": "unsubscribed", "id": frame.id})
        )

    # What the client gets

    def _put(self, item: "_LiveEvent | _Replay | dict[str, Any]") -> None:
        self._waiting.append(item)
        self._wake.set()

    def _put_error(self, error: FrameError) -> None:
        frame: dict[str, Any] = {"op": "error", "code": error.code, "detail": str(error)}
        if error.key is not None:
            frame["id"] = error.key
        self._put(frame)

    def _lag(self) -> None:
        """It has all events up to the last one that waits, and no subscription any more."""
        if self._subscriptions:
            self._subscriptions.clear()
            self._runtime.forget(self)
            self._put({"op": "lagged", "seq": self._last_seq})

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._send(self._waiting.popleft())
        except ConnectionError:
            return
        except Exception:
            logger.exception("a WebSocket is closed, because its events can't be sent")
            await self._socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _send(self, item: "_LiveEvent | _Replay | dict[str, Any]") -> None:
        match item:
            case _LiveEvent():
                self._events_waiting -= 1
                await self._send_event(item.published, item.ids)
            case _Replay():
                await self._replay(item)
            case _:
                await self._send_frame(self._codec.write(item))

    async def _replay(self, replay: _Replay) -> None:
        after = replay.after
        while self._subscriptions.get(replay.wanted.id) is replay.wanted:
            page = await self._runtime.events(after, replay.until, _PAGE)
            for event in page:
                if _matches(event, replay.wanted):
                    await self._send_event(Published(event), (replay.wanted.id,))
            if len(page) < _PAGE:
                return
            after = page[-1].seq

    async def _send_event(self, published: Published, ids: tuple[str, ...]) -> None:
        await self._send_frame(self._codec.write_event(published, ids))
        self._runtime.delivered(published)

    async def _send_frame(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._socket.send_str(frame)
        else:
            await self._socket.send_bytes(frame)


def _matches(event: Event, wanted: Subscribe) -> bool:
    keys = (None, event.schedule_id, event.workflow_id, event.execution_id)
    return wanted.topic in topics(event) and wanted.key in keys
