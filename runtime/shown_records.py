"""What calls answer, without the values of secret parameters: `***`, or the reference, stands there. Pure."""

from dataclasses import replace
from typing import Any

from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import BackfillProgress, Execution, Schedule, WorkflowId
from quarterjack.storage.attention import Survey
from quarterjack.storage.overviews import CombinedStatus
from quarterjack.storage.queries import Page
from quarterjack.storage.timeline import Past

from .execution_detail import ExecutionDetail
from .summaries import ShownSchedule


class ShownRecords:
    """Of the workflows of a book. What has no secrets stays the same object."""

    def __init__(self, workflows: WorkflowBook) -> None:
        self._workflows = workflows

    def schedule(self, found: Schedule) -> Schedule:
        """A schedule."""
        config = found.execution_config
        params = self._params(found.workflow_id, config.params)
        if params is config.params:
            return found
        return replace(found, execution_config=config.model_copy(update={"params": params}))

    def schedules(self, found: Page[Schedule]) -> Page[Schedule]:
        """A page of them."""
        return Page([self.schedule(each) for each in found.items], found.next)

    def execution(self, found: Execution) -> Execution:
        """An execution."""
        params = self._params(found.workflow_id, found.params)
        return found if params is found.params else replace(found, params=params)

    def executions(self, found: Page[Execution]) -> Page[Execution]:
        """A page of them."""
        return Page([self.execution(each) for each in found.items], found.next)

    def detail(self, found: ExecutionDetail) -> ExecutionDetail:
        """An execution with its steps."""
        return replace(found, execution=self.execution(found.execution))

    def status(self, found: CombinedStatus) -> CombinedStatus:
        """A schedule with its executions."""
        return replace(
            found,
            schedule=self.schedule(found.schedule),
            running=[self.execution(each) for each in found.running],
            queued=[self.execution(each) for each in found.queued],
            history=[self.execution(each) for each in found.history],
        )

    def listed(self, found: ShownSchedule) -> ShownSchedule:
        """A schedule in a list."""
        base = found.summary
        return replace(found, summary=replace(base, schedule=self.schedule(base.schedule)))

    def past(self, found: Past) -> Past:
        """A schedule with what it did."""
        return replace(found, schedule=self.schedule(found.schedule))

    def survey(self, found: Survey) -> Survey:
        """The schedules that need somebody."""
        shown = [replace(each, schedule=self.schedule(each.schedule)) for each in found.attention]
        return replace(found, attention=shown)

    def backfill(self, found: BackfillProgress) -> BackfillProgress:
        """A backfill, which does not know its workflow: what is encrypted is not shown."""
        base = found.backfill
        params = self._params(WorkflowId(""), base.params)
        return (
            found
            if params is base.params
            else replace(found, backfill=replace(base, params=params))
        )

    def backfills(self, found: Page[BackfillProgress]) -> Page[BackfillProgress]:
        """A page of them."""
        return Page([self.backfill(each) for each in found.items], found.next)

    def _params(self, key: WorkflowId, params: dict[str, Any]) -> dict[str, Any]:
        return self._workflows.shown(key, params)
