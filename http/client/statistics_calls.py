"""What can be asked of a server about how things went; a part of the client's calls."""

from quarterjack.actors.engine import Reply
from quarterjack.storage.counts import DaysFilter, StatisticsFilter

from ..shapes.counts import Bucket, Day, ScheduleDays, Statistics, WorkflowStatistics
from .asking import Asking
from .request import Wanted


class StatisticsCalls(Asking):
    """The calls about hours and days."""

    def get_statistics(self, wanted: StatisticsFilter = StatisticsFilter()) -> Reply[list[Bucket]]:
        """The hours or days that have something, oldest first; by default the last 24 hours.

        Raises `InvalidInput` for more than 1,000 of them, and for the hours of a schedule.
        """
        query = {
            "by": wanted.by,
            "since": wanted.since,
            "until": wanted.until,
            "workflow_id": wanted.workflow_id,
            "schedule_id": wanted.schedule_id,
        }
        found = self._ask(Statistics, Wanted("getStatistics", query=query))
        return found.map(lambda statistics: statistics.items)

    def get_schedule_days(
        self, schedule_id: str, wanted: DaysFilter = DaysFilter()
    ) -> Reply[list[Day]]:
        """The days (UTC) of a schedule that have something, oldest first; by default of the last 366.

        Raises `NotFound`, `InvalidInput`.
        """
        query = {"since": wanted.since, "until": wanted.until}
        asked = Wanted("getScheduleDays", {"schedule_id": schedule_id}, query)
        return self._ask(ScheduleDays, asked).map(lambda days: days.items)

    def get_workflow_statistics(
        self, workflow_id: str, days: int = 30
    ) -> Reply[WorkflowStatistics]:
        """How a workflow's executions went, today and on the days before (UTC); `days` of them, at most 366.

        Raises `NotFound`, `InvalidInput`.
        """
        asked = Wanted("getWorkflowStatistics", {"workflow_id": workflow_id}, {"days": days})
        return self._ask(WorkflowStatistics, asked)
