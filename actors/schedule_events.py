"""What a schedule does with the events that it waits for: decides about each once, and says so.

A part of the schedule's actor, which commits the decision and acts upon it as upon those about due
instants. Takes `EventCame`; tells the deliveries `EventDecided`.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from quarterjack.storage import (
    Delivery,
    Execution,
    ExecutionId,
    NotFound,
    QuarterjackError,
    Schedule,
    ScheduleId,
    VersionConflict,
)
from quarterjack.storage.event_fires import EventFire, RecordEventFire
from quarterjack.storage.schedule_changes import RecordFires
from quarterjack.storage.transaction import Change

from . import messages as m
from .cast_member import CastMember
from .engine import Reply, handles
from .event_decisions import decide_event
from .fire_decisions import Fires
from .policies.timetable import Timetable

logger = logging.getLogger("quarterjack.schedules")
_LARGE: Final = 32_768
"""Bytes of a payload above which the decision is worked out off the loop."""


class ScheduleEvents(CastMember):
    """The base of the schedule's actor, which has the rest."""

    _key: ScheduleId
    _found: Schedule | None
    _open: dict[ExecutionId, Execution]

    def _existing(self) -> Schedule:
        raise NotImplementedError

    def _timetable(self, schedule: Schedule) -> Timetable:
        raise NotImplementedError

    def _change_of(self, fires: Fires) -> RecordFires:
        raise NotImplementedError

    def _store(self, change: Change[Any], then: Callable[[Any], None]) -> Reply[Any]:
        raise NotImplementedError

    def _fired(self, fires: Fires, made: Sequence[Execution]) -> None:
        raise NotImplementedError

    @handles(m.EventCame)
    def event_came(self, message: m.EventCame) -> None:
        schedule, delivery = self._found, message.delivery
        if schedule is None:
            self._say_decided(delivery, None)
            self.ref.stop(block=False)
            return
        open_ones, now = list(self._open.values()), self.clock.now()
        given = (
            schedule,
            self._timetable(schedule),
            open_ones,
            now,
            self.environment.ids,
            delivery,
        )
        if len(delivery.payload) <= _LARGE:
            self._record_event(message, decide_event(*given))
            return

        def worked_out(reply: Reply[Any]) -> None:
            self.release()
            self._record_event(message, reply.get())

        self.hold()
        self.compute(worked_out, decide_event, *given)

    def _record_event(self, message: m.EventCame, fires: Fires | None) -> None:
        delivery = message.delivery
        if fires is None:
            self._say_decided(delivery, None)
            return

        def stored(fire: EventFire) -> None:
            if fire.fresh:
                self._fired(fires, fire.made)
                _warn(fires)
            self._say_decided(delivery, fire.execution_id)

        def answered(reply: Reply[Any]) -> None:
            try:
                reply.get()
            except (NotFound, VersionConflict):
                self.ref.tell(message)  # it was changed or deleted meanwhile: look again
            except QuarterjackError as error:
                # The deliveries tell it again.
                logger.warning("%s: %s", self._key, error, extra={"scheduleId": self._key})

        self._store(RecordEventFire(self._change_of(fires)), stored).add_done_callback(answered)

    def _say_decided(self, delivery: Delivery, made: ExecutionId | None) -> None:
        self.tell_deliveries(m.EventDecided(delivery.id, self._key, made))


def _warn(fires: Fires) -> None:
    """Of loops, in the server's log, too."""
    for decision in fires.decisions:
        for event in decision.events:
            if detail := event.data.get("detail"):
                logger.warning("%s", detail, extra={"scheduleId": event.schedule_id})
