"""What can be asked of a server's schedules; a part of the client's calls."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from quarterjack.actors.engine import Reply
from quarterjack.storage import ExecutionId, ScheduleId
from quarterjack.storage.queries import FireFilter, PageRequest, ScheduleFilter
from quarterjack.storage.schedule_summaries import SummaryFilter

from ..shapes.executions import Started
from ..shapes.previews import Preview
from ..shapes.schedules import CombinedStatus, Fire, ScheduledWorkflow, Upcoming
from ..shapes.summaries import ScheduleSummary
from ..shapes.timeline import Timeline
from .asking import FIRST, Asking
from .listing import PagedReply, listing_query
from .request import Wanted


class ScheduleCalls(Asking):
    """The calls about schedules."""

    def create_scheduled_workflow(self, draft: Mapping[str, Any]) -> Reply[ScheduleId]:
        """Make a schedule from the contract's camelCase form; its id. Raises `InvalidInput`."""
        made = self._ask(ScheduledWorkflow, Wanted("createSchedule", body=dict(draft)))
        return made.map(lambda schedule: ScheduleId(schedule.id))

    def update_scheduled_workflow(
        self, schedule_id: str, changes: Mapping[str, Any], *, version: int | None = None
    ) -> Reply[ScheduledWorkflow]:
        """Change what is given, keep the rest. Raises `NotFound`, `InvalidInput`, `VersionConflict`."""
        parts = {"schedule_id": schedule_id}
        wanted = Wanted("updateSchedule", parts, body=dict(changes), version=version)
        return self._ask(ScheduledWorkflow, wanted)

    def delete_scheduled_workflow(
        self, schedule_id: str, *, cancel: bool = False, version: int | None = None
    ) -> Reply[None]:
        """Forget a schedule; its executions finish, or with `cancel` are ended.

        Raises `NotFound`, `VersionConflict`.
        """
        parts, query = {"schedule_id": schedule_id}, {"cancel": cancel}
        return self._tell(Wanted("deleteSchedule", parts, query, version=version))

    def pause_schedule(
        self, schedule_id: str, note: str = "", *, version: int | None = None
    ) -> Reply[CombinedStatus]:
        """Let it fire no more until it is resumed.

        Raises `NotFound`, `IllegalTransition`, `VersionConflict`.
        """
        return self._turned("pauseSchedule", schedule_id, note, version)

    def resume_schedule(
        self, schedule_id: str, note: str = "", *, version: int | None = None
    ) -> Reply[CombinedStatus]:
        """Let it fire again. Raises `NotFound`, `IllegalTransition`, `VersionConflict`."""
        return self._turned("resumeSchedule", schedule_id, note, version)

    def get_schedule(self, schedule_id: str) -> Reply[ScheduledWorkflow]:
        """One schedule. Raises `NotFound`."""
        return self._ask(ScheduledWorkflow, _of("getSchedule", schedule_id))

    def list_schedules(
        self, wanted: ScheduleFilter = ScheduleFilter(), page: PageRequest = FIRST
    ) -> PagedReply[ScheduledWorkflow]:
        """Schedules, oldest first."""
        query = {
            "status": wanted.status,
            "workflow_id": wanted.workflow_id,
            "q": wanted.text or None,
        }
        return self._list(ScheduledWorkflow, Wanted("listSchedules", query=query), page)

    def list_schedule_summaries(
        self, wanted: SummaryFilter = SummaryFilter(), page: PageRequest = FIRST
    ) -> PagedReply[ScheduleSummary]:
        """Schedules with their rule in words, and with what became of them lately."""
        query = summary_query(wanted)
        return self._list(ScheduleSummary, Wanted("listScheduleSummaries", query=query), page)

    def timeline(
        self,
        wanted: SummaryFilter = SummaryFilter(),
        page: PageRequest = FIRST,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Reply[Timeline]:
        """What schedules did and will do in a span of at most 7 days; by default six hours around now.

        The next page comes after its `next_cursor`. Raises `InvalidInput`.
        """
        query = {**summary_query(wanted), "since": since, "until": until}
        return self._ask(Timeline, listing_query(Wanted("getTimeline", query=query), page))

    def get_schedule_workflow_status(self, schedule_id: str) -> Reply[CombinedStatus]:
        """A schedule with its executions and figures. Raises `NotFound`."""
        return self._ask(CombinedStatus, _of("getScheduleStatus", schedule_id))

    def sync_schedule_workflow_state(self, schedule_id: str) -> Reply[CombinedStatus]:
        """Have a schedule's state and counters computed again from its executions; its status then.

        Raises `NotFound`.
        """
        return self._ask(CombinedStatus, _of("syncSchedule", schedule_id))

    def upcoming(self, schedule_id: str, count: int = 10) -> Reply[list[datetime]]:
        """The next due instants, at most 500. Raises `NotFound`."""
        parts = {"schedule_id": schedule_id}
        found = self._ask(Upcoming, Wanted("listUpcoming", parts, {"count": count}))
        return found.map(lambda upcoming: upcoming.items)

    def list_fires(
        self, schedule_id: str, wanted: FireFilter = FireFilter(), page: PageRequest = FIRST
    ) -> PagedReply[Fire]:
        """The fire ledger of a schedule, newest first. Raises `NotFound`."""
        query = {"outcome": wanted.outcome, "since": wanted.since, "until": wanted.until}
        asked = Wanted("listFires", {"schedule_id": schedule_id}, query)
        return self._list(Fire, asked, page)

    def preview(self, request: Mapping[str, Any]) -> Reply[Preview]:
        """What a schedule with this `scheduleConfig` would do: which instants fire, and which are skipped.

        Nothing is stored. Raises `InvalidInput` as for a draft, and `NotFound` for the schedule.
        """
        return self._ask(Preview, Wanted("previewSchedule", body=dict(request)))

    def trigger_scheduled_execution(
        self,
        schedule_id: str,
        *,
        params: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        priority: int | None = None,
        respect_overlap: bool = False,
        traceparent: str | None = None,
    ) -> Reply[ExecutionId]:
        """Run a schedule's workflow now. Raises `NotFound`, `InvalidInput`, `OverlapRefused`."""
        body = {
            "params": params,
            "context": context,
            "priority": priority,
            "respectOverlap": respect_overlap,
        }
        parts = {"schedule_id": schedule_id}
        wanted = Wanted("triggerSchedule", parts, body=body, traceparent=traceparent)
        return self._ask(Started, wanted).map(lambda found: ExecutionId(found.execution_id))

    def _turned(
        self, name: str, schedule_id: str, note: str, version: int | None
    ) -> Reply[CombinedStatus]:
        parts, body = {"schedule_id": schedule_id}, {"note": note}
        return self._ask(CombinedStatus, Wanted(name, parts, body=body, version=version))


def summary_query(wanted: SummaryFilter) -> dict[str, Any]:
    """What asks for those schedules in that order."""
    return {
        "status": wanted.status,
        "workflow_id": wanted.workflow_id,
        "q": wanted.text or None,
        "attention": wanted.concern,
        "ids": None if wanted.ids is None else ",".join(wanted.ids),
        "sort": wanted.order,
        "order": "desc" if wanted.descending else "asc",
    }


def _of(name: str, schedule_id: str) -> Wanted:
    return Wanted(name, {"schedule_id": schedule_id})
