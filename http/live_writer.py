"""Writes what waits for one client, in bursts between which others have their turn.

Live events and answers alternate with stored ones, so neither holds up the other for more than a page.
"""

import logging
from collections.abc import Mapping
from typing import Final, Protocol

from aiohttp import WSCloseCode, WSMsgType

from quarterjack.actors.broadcaster import Published
from quarterjack.storage import QuarterjackError

from .frames import Codec, FrameError
from .live_queue import Answer, Goodbye, LiveQueue, Pong, WaitingEvent, WaitingState, fall_back
from .live_socket import LiveSocket
from .live_subscription import Subscription
from .replay import BLOCK, LetOthers, Pruned, StoredEvents

logger = logging.getLogger("quarterjack.http.live")
_BURST: Final = 32


class Client(Protocol):
    """For whom it writes."""

    def sees(self, published: Published) -> bool:
        """Whether an event is for him."""
        ...

    def sent(self, published: Published) -> None:
        """A live event is on its way to him."""
        ...

    async def states(self, topic: str) -> list[bytes]:
        """The frames with what he does not have yet of a state."""
        ...

    async def drop(self, subscription: Subscription) -> None:
        """What that subscription wants is not stored any more."""
        ...


class LiveWriter:
    """The only one that sends frames on its socket."""

    def __init__(
        self,
        socket: LiveSocket,
        codec: Codec,
        queue: LiveQueue,
        stored: StoredEvents,
        subscriptions: Mapping[str, Subscription],
        client: "Client",
    ) -> None:
        self._socket = socket
        self._codec = codec
        self._queue = queue
        self._stored = stored
        self._subscriptions = subscriptions
        self._client = client
        self._live: list[Published] = []

    async def run(self) -> None:
        """Until it is cancelled, or the client is gone."""
        try:
            while True:
                await self._write_some()
        except ConnectionError:
            return
        except QuarterjackError as error:
            logger.warning("a WebSocket is closed, because stored events can't be read: %s", error)
            self._socket.end(WSCloseCode.TRY_AGAIN_LATER, "stored events can't be read now")
        except Exception:
            logger.exception("a WebSocket is closed, because its events can't be sent")
            self._socket.end(WSCloseCode.INTERNAL_ERROR, "the server's log says why")

    async def _write_some(self) -> None:
        await self._write_waiting()
        if self._queue.answers:
            await LetOthers()  # an answer comes before the events that follow from it
        elif replaying := [each for each in self._subscriptions.values() if each.replays]:
            try:
                await self._replay(replaying)
            except Pruned as error:
                await self._tell_gone(replaying, error)
        elif self._queue:
            await LetOthers()
        else:
            await self._queue.something()

    async def _write_waiting(self) -> None:
        await self._socket.drained()
        for _ in range(_BURST):
            waiting = self._queue.take()
            if waiting is None:
                break
            if isinstance(waiting, WaitingState):
                await self._write_states(waiting.topic)
            else:
                self._write(waiting)
            if self._socket.is_full:
                break
        self._socket.flush()
        for published in self._live:
            self._client.sent(published)
        self._live.clear()

    async def _write_states(self, topic: str) -> None:
        for each in await self._client.states(topic):
            self._socket.put(each, self._codec.kind)

    def _write(self, waiting: WaitingEvent | Answer) -> None:
        match waiting:
            case WaitingEvent(published, wanted):
                self._live.append(published)
                self._write_event(published, tuple(each.id for each in wanted if not each.is_gone))
            case Goodbye(code, why):
                self._socket.end(code, why)
            case Pong(data):
                self._socket.put(data, WSMsgType.PONG)
            case _:
                self._socket.put(self._codec.write(waiting), self._codec.kind)

    def _write_event(self, published: Published, ids: tuple[str, ...]) -> None:
        if ids:
            self._socket.put(self._codec.write_event(published, ids), self._codec.kind)

    async def _replay(self, replaying: list[Subscription]) -> None:
        """The next page of stored events; if it is the last, what comes live waits behind it."""
        after = min(each.position for each in replaying)
        until = max(max(each.position, each.target) for each in replaying)
        joins = until - after <= BLOCK and not self._queue.events
        if joins:
            for each in replaying:
                each.is_live, each.target = True, until
        while after < until:
            after = await self._replay_page(after, until)
            if not joins:
                return

    async def _replay_page(self, after: int, until: int) -> int:
        """For all that have come as far, also while it was read; the number up to which it goes."""
        end = self._stored.end(after, until)
        page = await self._stored.page(after, until)
        readers = [
            each for each in self._subscriptions.values() if each.replays and each.position >= after
        ]
        for start in range(0, len(page), _BURST):
            await self._write_burst(page[start : start + _BURST], readers)
        for each in readers:
            each.position = max(each.position, end)
        return end

    async def _write_burst(self, burst: list[Published], readers: list[Subscription]) -> None:
        done = 0
        while done < len(burst):
            await self._socket.drained()
            async with self._stored.turns:
                while done < len(burst) and not self._socket.is_full:
                    self._write_stored(burst[done], readers)
                    done += 1
                self._socket.flush()
                # With the turn in hand: so there are few in each round of the loop.
                await LetOthers()

    def _write_stored(self, published: Published, readers: list[Subscription]) -> None:
        event = published.event
        ids = tuple(
            each.id
            for each in readers
            if event.seq > each.position
            and self._subscriptions.get(each.id) is each
            and each.matches(event)
        )
        if ids and self._client.sees(published):
            self._write_event(published, ids)

    async def _tell_gone(self, replaying: list[Subscription], error: Pruned) -> None:
        fall_back(self._queue, self._subscriptions.values())
        for each in replaying:
            if each.position < error.oldest - 1:
                await self._client.drop(each)
                told = FrameError("gone", str(error), each.id, oldest=error.oldest)
                self._queue.put_answer(told.frame())
