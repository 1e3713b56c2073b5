"""What can be asked of a runtime by those who look at it: how it is, and lists that say more of each item."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.storage import WorkflowId
from quarterjack.storage.attention import Survey, survey
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_summaries import CountedPage, SummaryFilter

from .assembly import Assembly
from .node import Node
from .shown_records import ShownRecords
from .summaries import ShownSchedule, shown_schedules

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

    @property
    def _worst_lag(self) -> float:
        """How late the loop's timers were lately, in seconds; in virtual time they never are."""
        return 0.0

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""
