"""Brings events to those who wait for them: each schedule gets every one, in order, and decides once.

Runs on the loop. Takes `SendEvent` from outside, `EventsArrived` from the state actor and `EventDecided`
from schedules; tells `EventCame` through the schedules' supervisor, and `Wake` to the run queue. Begins
with what is stored and not done, so a crash delays an event, but neither loses nor doubles it: a schedule
that has decided already says the same again. One that does not decide is told again.
"""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from quarterjack.storage import Delivery, ExecutionId, ScheduleId
from quarterjack.storage.deliveries import FinishDelivery, unfinished_deliveries
from quarterjack.storage.event_changes import DeliverEvent

from .cast_member import CastMember
from .engine import Deliver, Reply, Timer, handles
from .environment import Environment
from .messages import EventCame, EventDecided, EventsArrived, SendEvent, Wake

_PATIENCE = timedelta(seconds=30)
"""How long a schedule may take to decide before it is told again."""
_ASKERS_PATIENCE = timedelta(seconds=10)
"""How long whoever sent an event waits for schedules that do not decide."""


class _Watch(NamedTuple):
    """Look who has not decided."""


class _AnswerNow(NamedTuple):
    """Those who sent the event have waited long enough."""

    delivery_id: int


@dataclass(slots=True)
class _Open:
    """An event about which schedules have to decide yet."""

    delivery: Delivery
    undecided: set[ScheduleId]
    made: dict[ScheduleId, ExecutionId]

    @property
    def answer(self) -> list[ExecutionId]:
        """The executions that go on, and those that were made, in the order of the schedules."""
        made = [self.made[key] for key in self.delivery.listeners if key in self.made]
        return [*self.delivery.resumed, *made]


@dataclass(slots=True)
class _Askers:
    """Those who sent an event and wait for the answer, and when they have waited long enough."""

    replies: list[Reply[list[ExecutionId]]]
    timer: Timer


@dataclass(slots=True)
class _Line:
    """The events that a schedule has to decide about; it is told the first one."""

    events: deque[Delivery]
    told: float


class Deliveries(CastMember):
    """One per runtime."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._open: dict[int, _Open] = {}
        self._lines: dict[ScheduleId, _Line] = {}
        self._askers: dict[int, _Askers] = {}
        self._watching = False

    def on_start(self) -> None:
        self.hold()
        self.read(self._loaded, unfinished_deliveries)

    @handles(SendEvent)
    def send(self, message: SendEvent) -> Reply[list[ExecutionId]]:
        answer: Reply[list[ExecutionId]] = Reply()

        def stored(reply: Reply[Any]) -> None:
            try:
                receipt = reply.get()
            except Exception as error:
                answer.set_exception(error)
                return
            if receipt.answer is not None:
                answer.set(list(receipt.answer))
            else:
                self._ask(receipt.delivery_id, answer)

        self.commit(DeliverEvent(message.arrival), stored)
        return answer

    @handles(EventsArrived)
    def arrived(self, message: EventsArrived) -> None:
        for step in message.woken:
            self.cast.run_queue.tell(Wake(step.execution_id, step.step))
        for delivery in message.deliveries:
            self._begin(delivery)

    @handles(EventDecided)
    def decided(self, message: EventDecided) -> None:
        line = self._lines.get(message.schedule_id)
        if line is None or line.events[0].id != message.delivery_id:
            return  # it was told twice, and says so twice
        found = self._open[message.delivery_id]
        found.undecided.discard(message.schedule_id)
        if message.execution_id is not None:
            found.made[message.schedule_id] = message.execution_id
        line.events.popleft()
        if line.events:
            self._tell(message.schedule_id, line)
        else:
            del self._lines[message.schedule_id]
        if not found.undecided:
            self._answer(found)
            self._finish(found)

    @handles(_Watch)
    def watch(self, _: _Watch) -> None:
        self._watching = False
        horizon = self.clock.monotonic() - _PATIENCE.total_seconds()
        for key, line in self._lines.items():
            if line.told <= horizon:
                self._tell(key, line)
        self._watch_later()

    @handles(_AnswerNow)
    def answer_now(self, message: _AnswerNow) -> None:
        found = self._open.get(message.delivery_id)
        if found is not None:
            self._answer(found)

    def _loaded(self, reply: Reply[Any]) -> None:
        self.release()
        for delivery in reply.get():
            self._begin(delivery)

    def _begin(self, delivery: Delivery) -> None:
        if delivery.id in self._open:
            return
        self._open[delivery.id] = _Open(delivery, set(delivery.listeners), {})
        for key in delivery.listeners:
            line = self._lines.get(key)
            if line is not None:
                line.events.append(delivery)
            else:
                line = self._lines[key] = _Line(deque([delivery]), 0.0)
                self._tell(key, line)
        self._watch_later()

    def _tell(self, key: ScheduleId, line: _Line) -> None:
        line.told = self.clock.monotonic()
        self.cast.schedules.tell(Deliver(key, EventCame(line.events[0])))

    def _finish(self, found: _Open) -> None:
        def stored(reply: Reply[Any]) -> None:
            reply.get()
            del self._open[found.delivery.id]
            self._answer(found)  # who asked again meanwhile

        change = FinishDelivery(found.delivery.id, found.answer, self.clock.now())
        self.commit(change, stored)

    def _ask(self, key: int, answer: Reply[list[ExecutionId]]) -> None:
        askers = self._askers.get(key)
        if askers is not None:
            askers.replies.append(answer)
        else:
            timer = self.send_after(_ASKERS_PATIENCE, _AnswerNow(key))
            self._askers[key] = _Askers([answer], timer)

    def _answer(self, found: _Open) -> None:
        askers = self._askers.pop(found.delivery.id, None)
        if askers is not None:
            askers.timer.cancel()
            for reply in askers.replies:
                reply.set(found.answer)

    def _watch_later(self) -> None:
        if self._lines and not self._watching:
            self._watching = True
            self.send_after(_PATIENCE, _Watch())
