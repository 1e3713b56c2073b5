"""What can be asked of a runtime about how things went: by hour, by day, and by workflow."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import InvalidInput, ScheduleId, WorkflowId
from quarterjack.storage import counts as s

from .assembly import Assembly

T = TypeVar("T")
MOST_BUCKETS: Final = 1_000
MOST_DAYS: Final = 366
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_DEFAULT: Final = {s.Interval.HOUR: timedelta(hours=24), s.Interval.DAY: timedelta(days=30)}


class StatisticsCalls(ABC):
    """The calls; who inherits says how a call is made, and has the workflows."""

    workflows: WorkflowBook

    def get_statistics(
        self, wanted: s.StatisticsFilter = s.StatisticsFilter()
    ) -> Reply[list[s.Bucket]]:
        """The hours or days that have something, oldest first; by default the last 24 hours.

        Raises `InvalidInput` for more than 1,000 of them, and for the hours of a schedule.
        """

        def read(assembly: Assembly) -> Reply[list[s.Bucket]]:
            since, until = _range(wanted, assembly.clock.now())
            return assembly.read(s.buckets, wanted, since, until)

        return self._call(read)

    def get_schedule_days(
        self, schedule_id: str, wanted: s.DaysFilter = s.DaysFilter()
    ) -> Reply[list[s.Day]]:
        """The days (UTC) of a schedule that have something, oldest first; by default of the last 366.

        Raises `NotFound`, `InvalidInput`.
        """

        def read(assembly: Assembly) -> Reply[list[s.Day]]:
            until = wanted.until or assembly.clock.now().date()
            since = wanted.since or _days_before(until, MOST_DAYS - 1)
            if since > until:
                raise InvalidInput.field("since", msg="is after until; exchange them")
            return assembly.read(s.schedule_days, ScheduleId(schedule_id), wanted, since, until)

        return self._call(read)

    def get_workflow_statistics(
        self, workflow_id: str, days: int = 30
    ) -> Reply[s.WorkflowStatistics]:
        """How a workflow's executions went, today and on the days before (UTC); `days` of them, at most 366.

        Raises `NotFound`, `InvalidInput`.
        """

        def read(assembly: Assembly) -> Reply[s.WorkflowStatistics]:
            if not 1 <= days <= MOST_DAYS:
                raise InvalidInput.field("days", msg=f"give 1 to {MOST_DAYS}")
            key = self.workflows.find(WorkflowId(workflow_id)).id
            until = assembly.clock.now()
            since = s.midnight(_days_before(until.date(), days - 1))
            return assembly.read(s.workflow_statistics, key, since, until)

        return self._call(read)

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""


def _days_before(day: date, count: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - count))


def _range(wanted: s.StatisticsFilter, now: datetime) -> tuple[datetime, datetime]:
    """From the beginning of the first bucket to the end of the range. Raises `InvalidInput`."""
    by = wanted.by
    if wanted.schedule_id is not None and by is not s.Interval.DAY:
        raise InvalidInput.field("scheduleId", msg='schedules are counted by day; add by="day"')
    until = (wanted.until or now).astimezone(UTC)
    since = wanted.since or until - min(_DEFAULT[by], until - _EARLIEST)
    if since >= until:
        raise InvalidInput.field("since", msg="is not before until")
    first = s.floor_of(since, by)
    count = -((first - until) // by.span)
    if count > MOST_BUCKETS:
        raise InvalidInput.field(
            "since",
            msg=f"from there to until there are {count:,} {by.value}s, and at most "
            f"{MOST_BUCKETS:,} can be asked for at once; take a later one",
        )
    return first, until
