"""One WebSocket client: what it asks for, and its subscriptions. Runs on the loop.

Its frames are obeyed one after the other. Each subscription gets its events in the order of their
`seq`, without gap or repeat; a client that does not keep up is told so, and never holds up others.
"""

import asyncio
from contextlib import suppress

from aiohttp import WSCloseCode, WSMessage, WSMsgType

from quarterjack.actors.broadcaster import Published
from quarterjack.actors.engine import Reply
from quarterjack.runtime import Runtime
from quarterjack.storage import NotFound, QuarterjackError
from quarterjack.storage.events import TOPICS

from .frames import Auth, Codec, Frame, FrameError, Subscribe, Unsubscribe, frame_of
from .live_access import Door, Visitor
from .live_limits import LiveLimits
from .live_queue import Goodbye, LiveQueue, Pong, WaitingEvent, fall_back
from .live_socket import LiveSocket
from .live_states import LiveState, LiveStates
from .live_subscription import Subscription
from .live_watches import LiveWatches
from .live_writer import LiveWriter
from .log_states import LOGS
from .replay import Pruned, StoredEvents
from .token_bucket import TokenBucket

UNAUTHORIZED = 4401
"""The code with which a connection without a valid token is closed."""


class LiveConnection:
    """`serve` reads the client's frames, and a task of its own writes what is waiting.

    A subscriber of the broadcaster. `visitor` is None until the client has shown a token.
    """

    def __init__(
        self,
        runtime: Runtime,
        socket: LiveSocket,
        codec: Codec,
        stored: StoredEvents,
        states: LiveStates,
        limits: LiveLimits,
        door: Door,
        visitor: Visitor | None,
        address: str,
    ) -> None:
        self.visitor = visitor
        self._runtime = runtime
        self._socket = socket
        self._codec = codec
        self._stored = stored
        self._states = states
        self._limits = limits
        self._door = door
        self._address = address
        self._subscriptions: dict[str, Subscription] = {}
        self._queue = LiveQueue(limits)
        self._watches = LiveWatches(self._queue)
        self._frames = TokenBucket(limits.rate, limits.burst, runtime.clock.monotonic)
        self._served = asyncio.Event()

    async def serve(self) -> None:
        """Until either side closes."""
        writer = LiveWriter(
            self._socket, self._codec, self._queue, self._stored, self._subscriptions, self
        )
        deadline = self._runtime.clock.call_later(self._limits.auth_seconds, self._check_visitor)
        writing = asyncio.create_task(writer.run())
        writing.add_done_callback(lambda _: self._queue.close())
        try:
            async for message in self._socket:
                await self._take(message)
                await self._queue.room()
        finally:
            deadline.cancel()
            self._runtime.forget(self)
            self._watches.clear()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            self._socket.abort_soon()
            self._served.set()

    async def close(self) -> None:
        """End it because the server is going away: what waits is told first."""
        self._end(WSCloseCode.GOING_AWAY, "the server is ending")
        await self._served.wait()

    def recheck(self) -> None:
        """End it if the token does not hold any more."""
        if self.visitor is not None and not self._door.still_admits(self.visitor):
            self._turn_out("the token does not hold any more")

    def sees(self, published: Published) -> bool:
        """Whether an event is for this client."""
        return self.visitor is not None and self.visitor.may_see(published.event)

    def sent(self, published: Published) -> None:
        """A live event is on its way to the client."""
        self._runtime.delivered(published)

    async def states(self, topic: str) -> list[bytes]:
        """The frames with what this client does not have yet of a state."""
        if self.visitor is None:
            return []
        limited = self.visitor.workflows is not None
        return await self._watches.frames(topic, self._codec, limited=limited)

    def offer(self, published: Published, ids: tuple[str, ...]) -> bool:
        """Called by the broadcaster for each event that matches; False: it lost its subscriptions."""
        seq = published.event.seq
        found = [each for key in ids if (each := self._subscriptions.get(key)) is not None]
        wanted = tuple(each for each in found if each.takes_live(seq))
        if not wanted or not self.sees(published):
            return True
        waiting = WaitingEvent(published, wanted, self._codec.size(published))
        return self._queue.put_event(waiting) or self._overflow(seq)

    def _overflow(self, seq: int) -> bool:
        """There is no room for that event."""
        if all(each.is_live and not each.replays for each in self._subscriptions.values()):
            self._subscriptions.clear()
            self._queue.put_answer({"op": "lagged", "seq": seq - 1})
            return False
        # One of them reads what is stored, at the client's own pace: let all of them.
        fall_back(self._queue, self._subscriptions.values(), seq)
        return True

    # What the client says

    async def _take(self, message: WSMessage) -> None:
        match message.type:
            case WSMsgType.PING:
                self._queue.put_answer(Pong(bytes(message.data)))
            case WSMsgType.TEXT | WSMsgType.BINARY:
                try:
                    if not self._frames.take():
                        raise FrameError("rate-limited", _too_fast(self._limits.rate))
                    await self._obey(frame_of(self._codec.read(message)))
                except FrameError as error:
                    self._queue.put_answer(error.frame())

    async def _obey(self, frame: Frame) -> None:
        if isinstance(frame, Auth):
            self._authenticate(frame.token)
            return
        if self.visitor is None:
            raise FrameError(
                "unauthorized", 'begin with {"op": "auth", "token": …}', getattr(frame, "id", None)
            )
        match frame:
            case Subscribe():
                await self._subscribe(frame, self.visitor)
            case Unsubscribe():
                await self._unsubscribe(frame)
            case _:
                self._queue.put_answer({"op": "pong"})

    def _authenticate(self, token: str) -> None:
        here = self._door.without_token(self._address)
        if self.visitor is not None and here is None:
            raise FrameError("already-authenticated", "this connection has shown its token")
        try:
            self.visitor = here or self._door.with_token(token, self._address)
        except QuarterjackError as error:
            self._queue.put_answer(FrameError("unauthorized", str(error)).frame())
            self._turn_out("the token is not valid")
        else:
            self._queue.put_answer({"op": "authenticated", "role": self.visitor.role.value})

    async def _subscribe(self, wanted: Subscribe, visitor: Visitor) -> None:
        state = await self._state(wanted, visitor)
        if state is None and wanted.topic not in TOPICS:
            raise FrameError("unknown-topic", f"there is no topic {wanted.topic!r:.60}", wanted.id)
        most = self._limits.subscriptions
        is_new = wanted.id not in self._subscriptions and wanted.id not in self._watches
        if is_new and len(self._subscriptions) + len(self._watches) >= most:
            limit = f"a connection has at most {most} subscriptions"
            raise FrameError("too-many-subscriptions", limit, wanted.id)
        if state is None:
            await self._follow(wanted)
        else:
            await self._watch(wanted, state)

    async def _state(self, wanted: Subscribe, visitor: Visitor) -> LiveState | None:
        """The state that is wanted; None: it is events. Raises `FrameError`."""
        is_logs = wanted.topic == LOGS
        state = None if is_logs else self._states.find(wanted.topic)
        if state is None and not is_logs:
            return None
        if wanted.after is not None or (wanted.key is not None and not is_logs):
            told = f"{wanted.topic} is a state, not events: it has no after and no key"
            raise FrameError("invalid-input", told, wanted.id)
        if state is None:
            return await self._logs(wanted, visitor)
        if visitor.workflows is not None and not state.source.for_limited:
            told = f"the token is limited to some workflows, and {wanted.topic} is not about those"
            raise FrameError("forbidden", told, wanted.id)
        return state

    async def _logs(self, wanted: Subscribe, visitor: Visitor) -> LiveState:
        execution_id, _, step = (wanted.key or "").partition("/")
        if not step:
            told = "logs are of a step: give EXECUTION/STEP as the key"
            raise FrameError("invalid-input", told, wanted.id)
        try:
            workflow = await self._runtime.workflow_of_execution(execution_id)
            own = visitor.workflows
            if workflow is None or (own is not None and workflow not in own):
                raise NotFound("execution", execution_id)
            await self._runtime.get_step_logs(execution_id, step)  # whether there is such a step
        except NotFound as error:
            raise FrameError("not-found", str(error), wanted.id) from None
        except QuarterjackError as error:
            raise FrameError("unavailable", str(error), wanted.id) from None
        return self._states.logs(execution_id, step)

    async def _watch(self, wanted: Subscribe, state: LiveState) -> None:
        replaced = self._subscriptions.get(wanted.id)
        if replaced is not None:
            await self.drop(replaced)
        try:
            self._watches.add(wanted.id, state)
        except QuarterjackError as error:
            raise FrameError("unavailable", str(error), wanted.id) from None
        seq = self._runtime.last_seq
        self._queue.put_answer({"op": "subscribed", "id": wanted.id, "seq": seq})
        self._watches.state_changed(state.source.topic)  # there may be one already

    async def _follow(self, wanted: Subscribe) -> None:
        self._watches.remove(wanted.id)
        subscription = Subscription(wanted)
        listening = self._runtime.listen(self, wanted.id, wanted.topic, wanted.key)
        # Called back by the broadcaster before it can offer the next event: no gap, no repeat.
        listening.add_done_callback(lambda reply: self._begin(subscription, wanted.after, reply))
        try:
            seq = await listening
            if not subscription.is_ready:
                await self._check(subscription, seq)
        except FrameError:
            await self.drop(subscription)
            raise
        except QuarterjackError as error:
            await self.drop(subscription)
            raise FrameError("unavailable", str(error), wanted.id) from None

    def _begin(self, subscription: Subscription, after: int | None, reply: Reply[int]) -> None:
        """On the loop, when the broadcaster has it; from here on it is offered what comes."""
        try:
            seq = reply.get()
        except Exception:
            return  # told by `_subscribe`
        self._subscriptions[subscription.id] = subscription
        if after is None or after == seq:
            subscription.listen(seq)
            self._put_subscribed(subscription, seq)
        else:
            subscription.resume(after, seq)

    async def _check(self, subscription: Subscription, seq: int) -> None:
        """Let it begin if the events after which it resumes are there. Raises `FrameError`."""
        after = subscription.position
        try:
            if after < seq:
                await self._stored.page(after, after + 1)
            elif not await self._stored.has(after):
                raise FrameError(
                    "ahead",
                    f"the newest event is {seq}, so there was another database before: "
                    "look at what is now, and subscribe without after",
                    subscription.id,
                    newest=seq,
                )
        except Pruned as error:
            raise FrameError("gone", str(error), subscription.id, oldest=error.oldest) from None
        subscription.is_ready = True
        self._put_subscribed(subscription, seq)

    def _put_subscribed(self, subscription: Subscription, seq: int) -> None:
        self._queue.put_answer({"op": "subscribed", "id": subscription.id, "seq": seq})

    async def drop(self, subscription: Subscription) -> None:
        """No more for that one, also of what waits."""
        subscription.is_gone = True
        if self._subscriptions.get(subscription.id) is subscription:
            del self._subscriptions[subscription.id]
            with suppress(QuarterjackError):  # then nobody is told of anything
                await self._runtime.unlisten(self, subscription.id)

    async def _unsubscribe(self, frame: Unsubscribe) -> None:
        if self._watches.remove(frame.id):
            self._queue.put_answer({"op": "unsubscribed", "id": frame.id})
            return
        if self._subscriptions.pop(frame.id, None) is None:
            raise FrameError(
                "unknown-subscription", f"there is no subscription {frame.id!r}", frame.id
            )
        try:
            await self._runtime.unlisten(self, frame.id)
        except QuarterjackError as error:
            raise FrameError("unavailable", str(error), frame.id) from None
        self._queue.put_answer({"op": "unsubscribed", "id": frame.id})

    # The end

    def _check_visitor(self) -> None:
        if self.visitor is None:
            self._turn_out("no token came in time")

    def _turn_out(self, why: str) -> None:
        self.visitor = None
        self._queue.drop_events()
        self._watches.clear()
        self._end(UNAUTHORIZED, why)

    def _end(self, code: int, why: str) -> None:
        self._runtime.forget(self)
        self._queue.put_answer(Goodbye(code, why))
        self._socket.abort_soon()


def _too_fast(rate: float) -> str:
    return f"a connection may send {rate:g} frames a second in the long run; this one was not read"
