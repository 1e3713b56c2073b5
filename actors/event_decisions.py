"""What becomes of an event that a schedule waits for: filter, loops, dates, overlap and `maxRuns`. Pure.

An event is like a due instant, that of its arrival, but there is no catching up: what comes while the
schedule is paused is missed. An event that the filter does not take leaves no row.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from quarterjack.storage import (
    Delivery,
    Execution,
    FireOutcome,
    FireReason,
    IdSource,
    Schedule,
    ScheduleStatus,
)
from quarterjack.storage.event_filters import matches
from quarterjack.storage.event_names import awaited_as
from quarterjack.storage.plain_data import unpack
from quarterjack.storage.schedule_changes import Decision

from .fire_decisions import Deciding, Fires, skipped_event
from .policies.catch_up import Verdict
from .policies.timetable import Occurrence, Timetable

MOST_CHAINED: Final = 20
"""Schedules that may lead to each other, one after the other; also a chain without a loop ends there."""


def decide_event(
    schedule: Schedule,
    timetable: Timetable,
    unfinished: Sequence[Execution],
    now: datetime,
    ids: IdSource,
    delivery: Delivery,
) -> Fires | None:
    """The one decision about an event; None: it is nothing to the schedule, as it is now."""
    config = schedule.schedule_config
    if schedule.status is ScheduleStatus.DISABLED or config.event not in awaited_as(delivery.name):
        return None
    payload = unpack(delivery.payload)
    if not matches(config.event_filter, payload):
        return None
    event = {"name": delivery.name, "key": delivery.key or None, "payload": payload}
    return _EventDeciding(schedule, timetable, unfinished, now, ids).about(delivery, event)


class _EventDeciding(Deciding):
    """Decides about one event."""

    _delivery: Delivery
    _event: dict[str, object]

    def about(self, delivery: Delivery, event: dict[str, object]) -> Fires | None:
        """The decision, and the schedule's status after it."""
        self._delivery, self._event = delivery, event
        if self._schedule.status is ScheduleStatus.FINISHED and not self._is_used_up():
            return None
        self._choose(Occurrence(delivery.at, delivery.at))
        return Fires(self._decisions, self._replaced, None, self._status())

    def _choose(self, came: Occurrence) -> None:
        start, end = self._config.start_at, self._config.end_at
        if problem := self._problem_with_chain():
            self._stop(came, *problem)
        elif self._schedule.status is ScheduleStatus.PAUSED:
            self._leave(came, FireOutcome.MISSED, FireReason.PAUSED)
        elif (start is not None and came.due < start) or (end is not None and came.due >= end):
            self._leave(came, FireOutcome.SKIPPED, FireReason.OUTSIDE)
        elif self._timetable.excluded_by(came.due) is not None:
            self._leave(came, FireOutcome.SKIPPED, FireReason.EXCLUDED)
        else:
            self._decide(Verdict(came, FireOutcome.STARTED))

    def _status(self) -> ScheduleStatus:
        end = self._config.end_at
        if self._is_used_up() or (end is not None and self._delivery.at >= end):
            return ScheduleStatus.FINISHED
        if self._schedule.status is ScheduleStatus.PAUSED:
            return ScheduleStatus.PAUSED
        return ScheduleStatus.ACTIVE

    def _problem_with_chain(self) -> tuple[FireReason, str] | None:
        """Why the event must not fire this schedule, given those that led to it."""
        chain, name = self._delivery.chain, self._delivery.name
        path = " → ".join([*chain[-MOST_CHAINED:], self._schedule.id])
        if self._schedule.id in chain:
            return FireReason.LOOP, (
                f"The event {name!r} did not fire the schedule {self._schedule.id!r}, because an "
                f"execution of that schedule led to it ({path}) and it would never end; "
                "send another event, or have the schedule wait for another one."
            )
        if len(chain) >= MOST_CHAINED:
            return FireReason.CHAIN_TOO_LONG, (
                f"The event {name!r} did not fire the schedule {self._schedule.id!r}, because "
                f"{len(chain)} schedules have led to it, one after the other ({path}); "
                f"{MOST_CHAINED} are the most: have fewer, or make a workflow of some."
            )
        return None

    def _stop(self, came: Occurrence, reason: FireReason, detail: str) -> None:
        source = self._delivery.source
        row = self._row(came, FireOutcome.SKIPPED, reason=reason, blocked_by=source)
        event = skipped_event(self._schedule, row, detail=detail)
        self._decisions.append(Decision(row, None, [event]))

    def _execution(self, due: datetime) -> Execution:
        made = super()._execution(due)
        came = self._delivery
        return replace(
            made, context={"event": self._event}, chain=came.chain, traceparent=came.traceparent
        )
