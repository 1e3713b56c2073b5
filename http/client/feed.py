"""All subscriptions of a client over one WebSocket, which is opened again whenever it is lost.

Each subscription gets its events in the order of their `seq`, none twice and none left out: after an
interruption, of whatever kind, it goes on after the last one that it took. Who watches a state gets what
is now. Runs on the client's loop.
"""

import asyncio
import itertools
import logging
from collections.abc import Iterable
from typing import Any, Final

import aiohttp
from aiohttp import WSMsgType

from quarterjack.storage import InvalidInput, QuarterjackError

from ..pause import pause
from ..shapes.events import Event
from .errors import ServerBusy, ServerUnreachable, SubscriptionRefused, forbidden, unauthorized
from .subscription import EventSubscription, StateSubscription, Subscription
from .transport import Transport, is_passing
from .wire import Frame, Wire

logger = logging.getLogger("quarterjack.http.client")
_INPUT: Final = frozenset({"unknown-topic", "invalid-input"})
_AGAIN: Final = frozenset({"unavailable", "rate-limited"})
_UNAUTHORIZED: Final = "unauthorized"
_FORBIDDEN: Final = "forbidden"


class Feed:
    """One WebSocket, from the first subscription to `close`."""

    def __init__(self, transport: Transport, wire: Wire) -> None:
        self._transport = transport
        self._wire = wire
        self._subscriptions: dict[Subscription, None] = {}  # in the order of their beginning
        self._known: dict[str, Subscription] = {}
        self._ids = itertools.count(1)
        self._outgoing: asyncio.Queue[Frame] | None = None
        """None: there is no connection."""
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self._was_connected = False

    def add(self, wanted: Subscription) -> None:
        """Begin a subscription."""
        self._subscriptions[wanted] = None
        if self._outgoing is not None:
            self._ask_for(wanted)
        elif self._task is None:
            self._task = asyncio.create_task(self._run())

    def drop(self, gone: Subscription) -> None:
        """End a subscription, if it is there."""
        self._subscriptions.pop(gone, None)
        self._forget(gone)

    def resume(self, held: Subscription) -> None:
        """Go on with one whose listener did not take an event."""
        if held in self._subscriptions and held.wire_id is None and self._outgoing is not None:
            self._ask_for(held)

    async def close(self) -> None:
        """End all of them."""
        self._fail(self._subscriptions, None)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # The connection

    async def _run(self) -> None:
        self._failures, self._was_connected = 0, False
        try:
            while self._subscriptions:
                try:
                    await self._connected()
                except QuarterjackError as error:
                    if not self._may_pass(error):
                        self._fail(self._subscriptions, error)
                        return
                    await pause(self._transport.clock, self._wait(error))
        except Exception:
            logger.exception("the events can't be followed any more")
            gone = SubscriptionRefused("client-failed", "the client's log has the details")
            self._fail(self._subscriptions, gone)
        finally:
            self._task = None

    async def _connected(self) -> None:
        """Until the connection is lost. Raises why."""
        async with self._transport.websocket(self._wire.subprotocol) as socket:
            self._outgoing = asyncio.Queue()
            writer = asyncio.create_task(self._write(socket, self._outgoing))
            try:
                for wanted in list(self._subscriptions):
                    self._ask_for(wanted)
                await self._read(socket)
            finally:
                self._outgoing = None
                self._known.clear()
                for each in self._subscriptions:
                    each.wire_id = None
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
        raise ServerUnreachable(self._transport.address.url, "it was closed", sent=True)

    async def _write(
        self, socket: aiohttp.ClientWebSocketResponse, outgoing: "asyncio.Queue[Frame]"
    ) -> None:
        try:
            while True:
                await self._wire.send(socket, await outgoing.get())
        except (OSError, aiohttp.ClientError):
            return  # who reads notices it, too

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                try:
                    self._take(self._wire.read(message.data))
                except ValueError as error:
                    logger.warning("a frame of the server can't be read: %s", error)
                    return

    def _may_pass(self, error: QuarterjackError) -> bool:
        self._failures += 1
        if not is_passing(error):
            return False
        return self._was_connected or self._failures <= self._transport.repetition.retries

    def _wait(self, error: QuarterjackError) -> float:
        wanted = error.retry_after or 0.0 if isinstance(error, ServerBusy) else 0.0
        return max(wanted, self._transport.repetition.backoff.wait(self._failures))

    # Frames

    def _ask_for(self, wanted: Subscription) -> None:
        """By a new id each time: what still comes for an older one is for nobody."""
        self._forget(wanted)
        wanted.wire_id = str(next(self._ids))
        self._known[wanted.wire_id] = wanted
        self._send(wanted.frame(wanted.wire_id))

    def _forget(self, wanted: Subscription) -> None:
        if wanted.wire_id is not None and self._known.pop(wanted.wire_id, None) is not None:
            self._send({"op": "unsubscribe", "id": wanted.wire_id})
        wanted.wire_id = None

    def _send(self, frame: Frame) -> None:
        if self._outgoing is not None:
            self._outgoing.put_nowait(frame)

    def _take(self, frame: Any) -> None:
        match frame:
            case {"op": "event", "ids": list(ids)}:
                event = Event.model_validate(frame)
                for each in ids:
                    self._offer(self._known.get(each), event)
            case {"op": "state", "ids": list(ids), "data": data}:
                for each in ids:
                    self._show(self._known.get(each), data)
            case {"op": "subscribed", "id": str(wire_id), "seq": int(seq)}:
                self._joined(self._known.get(wire_id), seq)
            case {"op": "lagged"}:
                self._lost()
            case {"op": "error"}:
                self._refused(frame)

    def _show(self, wanted: Subscription | None, data: Any) -> None:
        if isinstance(wanted, StateSubscription):
            wanted.taker.put(data)

    def _offer(self, wanted: Subscription | None, event: Event) -> None:
        if not isinstance(wanted, EventSubscription):
            return
        if wanted.position is not None and event.seq <= wanted.position:
            return
        if wanted.listener.offer(event):
            wanted.position = event.seq
        else:
            self._forget(wanted)

    def _joined(self, wanted: Subscription | None, seq: int) -> None:
        self._was_connected, self._failures = True, 0
        if wanted is not None:
            wanted.joined(seq)

    def _lost(self) -> None:
        """The server has dropped all subscriptions to events: this connection did not keep up."""
        for each in [each for each in self._known.values() if isinstance(each, EventSubscription)]:
            self._known.pop(each.wire_id or "")
            each.wire_id = None
            self._ask_for(each)

    def _refused(self, frame: Frame) -> None:
        code, detail = str(frame.get("code")), str(frame.get("detail"))
        wanted = self._known.pop(frame.get("id", ""), None)
        if code in _AGAIN:
            raise ServerUnreachable(self._transport.address.url, detail, sent=True)
        if code == _UNAUTHORIZED:
            raise unauthorized(detail)
        if wanted is None:
            logger.debug("the server says %s: %s", code, detail)
            return
        wanted.wire_id = None
        self._fail([wanted], _refusal(code, detail))

    def _fail(self, subscriptions: Iterable[Subscription], error: QuarterjackError | None) -> None:
        for each in list(subscriptions):
            self.drop(each)
            each.subscriber.end(error)


def _refusal(code: str, detail: str) -> QuarterjackError:
    if code in _INPUT:
        return InvalidInput.field("topic", msg=detail)
    return forbidden(detail) if code == _FORBIDDEN else SubscriptionRefused(code, detail)
