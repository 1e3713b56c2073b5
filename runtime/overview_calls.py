"""What can be asked of a runtime by those who look at it: how it is, and lists that say more of each item."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import WorkflowId
from quarterjack.storage.attention import Survey, survey
from quarterjack.storage.queries import Page, PageRequest
from quarterjack.storage.running import RunningExecution, running
from quarterjack.storage.schedule_summaries import CountedPage, SummaryFilter
from quarterjack.storage.timeline import Past, pasts

from .assembly import Assembly
from .node import Node
from .shown_records import ShownRecords
from .summaries import ShownSchedule, shown_schedules
from .timeline import Timeline, span_around, timeline_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Overview:
    """How a runtime is, how its schedules stand, and which of them need somebody."""

    now: datetime
    node: Node
    loop_lag: float
    """The worst lateness of the loop's timers in the last ten seconds, in seconds."""
    survey: Survey


class OverviewCalls(ABC):
    """The calls; who inherits says how a call is made."""

    workflows: WorkflowBook
    _shown: ShownRecords

    def overview(self, *, within: Collection[WorkflowId] | None = None) -> Reply[Overview]:
        """How everything is; with `within` only what belongs to those workflows."""

        def read(assembly: Assembly) -> Reply[Overview]:
            now = assembly.clock.now()
            found: Reply[Survey] = assembly.read(survey, now, within)
            return found.map(
                lambda found: Overview(
                    now, assembly.node, self._worst_lag, self._shown.survey(found)
                )
            )

        return self._call(read)

    def list_schedule_summaries(
        self, wanted: SummaryFilter = SummaryFilter(), page: PageRequest = PageRequest()
    ) -> Reply[CountedPage[ShownSchedule]]:
        """Schedules with their rule in words, and with what became of them lately."""

        def read(assembly: Assembly) -> Reply[CountedPage[ShownSchedule]]:
            now = assembly.clock.now()
            found: Reply[CountedPage[ShownSchedule]]
            found = assembly.read(shown_schedules, wanted, page, now)
            return found.map(lambda found: found.map(self._shown.listed))

        return self._call(read)

    def list_running(
        self, page: PageRequest = PageRequest(), *, within: Collection[WorkflowId] | None = None
    ) -> Reply[Page[RunningExecution]]:
        """What runs or waits, the oldest start first; with `within` only of those workflows."""

        def read(assembly: Assembly) -> Reply[Page[RunningExecution]]:
            found: Reply[Page[RunningExecution]]
            found = assembly.read(running, page, assembly.clock.now(), within)
            return found.map(
                lambda found: Page([self._with_steps(each) for each in found.items], found.next)
            )

        return self._call(read)

    def timeline(
        self,
        wanted: SummaryFilter = SummaryFilter(),
        page: PageRequest = PageRequest(),
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Reply[Timeline]:
        """What schedules did and will do in a span of at most 7 days; by default six hours around now.

        Raises `InvalidInput`.
        """

        def read(assembly: Assembly) -> Reply[Timeline]:
            now = assembly.clock.now()
            span = span_around(now, since, until)
            answer: Reply[Timeline] = assembly.system.dispatcher.new_reply()

            def work_out(done: Reply[CountedPage[Past]]) -> None:
                try:
                    found = done.get()
                except Exception as error:
                    answer.set_exception(error)
                    return
                shown = found.map(self._shown.past)
                assembly.work_out(lambda: timeline_of(shown, span, now), "timeline").pipe(answer)

            assembly.read(pasts, wanted, page, span, now).add_done_callback(work_out)
            return answer

        return self._call(read)

    def _with_steps(self, found: RunningExecution) -> RunningExecution:
        """With how many steps it has, if that is known."""
        workflow = self.workflows.get(found.run.workflow_id)
        if found.steps_total is not None or workflow is None:
            return found
        return replace(found, steps_total=len(workflow.steps))

    @property
    def _worst_lag(self) -> float:
        """How late the loop's timers were lately, in seconds; in virtual time they never are."""
        return 0.0

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""
