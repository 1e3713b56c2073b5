"""What a change of the clock does to a due instant, in words; and which changes there are. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from quarterjack.storage import ScheduleConfig, ScheduleId

from .clock_changes import Change, first_change, last_change
from .cron import cron_expression
from .triggers import CronRule, zone_of

IN_GAP: Final = "in the gap of the clock change, runs at its end"
FIRST_OF_TWO: Final = "the clock is set back, this is the first of two passes"
SECOND_OF_TWO: Final = "the clock was set back, this is the second of two passes"
ONLY_FIRST: Final = "the clock is set back, runs in the first pass only"
_NEAR: Final = timedelta(days=2)
"""Farther than any clock was ever put forwards or back."""
_SECOND: Final = timedelta(seconds=1)


class ClockNotes:
    """About the due instants of a schedule's cron lines; others follow no clock, and have none."""

    def __init__(self, key: ScheduleId, config: ScheduleConfig) -> None:
        self._zone = zone_of(config)
        lines = tuple(cron_expression(line, key) for line in config.cron or ())
        self._rule = CronRule(lines, self._zone)
        self._clock = CronRule(lines, ZoneInfo("UTC"))
        self._follows = bool(lines)

    def note(self, due: datetime) -> str | None:
        """What is special about this instant; None: nothing."""
        if not self._follows:
            return None
        before = last_change(self._zone, due - _NEAR, due)
        if before is not None and before.jump > timedelta(0):
            left_out = before.at == due and not self._is_shown(due + before.after)
            return IN_GAP if left_out else None
        if before is not None and due < before.at - before.jump:
            return SECOND_OF_TWO
        after = first_change(self._zone, due, due + _NEAR)
        if after is not None and after.jump < timedelta(0) and due - after.jump >= after.at:
            again = due - after.jump
            return FIRST_OF_TWO if self._rule.next(again - _SECOND) == again else ONLY_FIRST
        return None

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """The changes of the schedule's clock from `since` on, and before `until`."""
        after = since - _SECOND
        while (found := first_change(self._zone, after, until - _SECOND)) is not None:
            yield found
            after = found.at

    def local(self, instant: datetime) -> datetime:
        """What the schedule's clock shows then."""
        return instant.astimezone(self._zone)

    def _is_shown(self, shown: datetime) -> bool:
        """Whether a line means this time on the clock."""
        shown = shown.replace(tzinfo=UTC)
        return self._clock.next(shown - _SECOND) == shown
