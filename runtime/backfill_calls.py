"""The calls about backfills: executions of the due instants of a range that have none."""

from collections.abc import Mapping
from typing import Any

from quarterjack.actors import messages as m
from quarterjack.actors.backfill import BackfillMade
from quarterjack.actors.backfill_request import BackfillRequest
from quarterjack.actors.drafts import validated
from quarterjack.actors.engine import Reply
from quarterjack.storage import (
    BackfillId,
    BackfillProgress,
    ExecutionId,
    InvalidInput,
    NotPlainData,
    ScheduleId,
)
from quarterjack.storage import backfills as b
from quarterjack.storage import queries as q
from quarterjack.storage.backfill_changes import CancelBackfill
from quarterjack.storage.plain_data import pack

from .assembly import Assembly
from .calls import Calls
from .given_ids import checked_id


class BackfillCalls(Calls):
    """Who inherits provides the assembly while it is started."""

    def backfill_schedule(
        self, schedule_id: str, request: Mapping[str, Any], *, backfill_id: str | None = None
    ) -> Reply[BackfillMade]:
        """Run a schedule for each due instant in [start, end) that has no execution.

        The request is in the contract's camelCase form: `start` and `end`, and optionally `overlap`,
        `maxConcurrency`, `priority` and `params`. What is to come by now is left to the schedule.
        Raises `NotFound`, `InvalidInput`, and `AlreadyExists` when the id that is given is taken.
        """

        def backfill(_: Assembly) -> Reply[BackfillMade]:
            checked = validated(BackfillRequest, request)
            try:
                pack(checked.params, root="params")
            except NotPlainData as error:
                raise InvalidInput.field("params", msg=str(error)) from None
            key = None if backfill_id is None else checked_id("backfill_id", backfill_id)
            chosen = None if key is None else BackfillId(key)
            return self._to_schedule(schedule_id, m.BackfillSchedule(checked, chosen))

        return self._call(backfill)

    def get_backfill(self, backfill_id: str) -> Reply[BackfillProgress]:
        """How far a backfill has come. Raises `NotFound`."""
        return self._read(b.backfill, BackfillId(backfill_id)).map(self._shown.backfill)

    def executions_of_backfill(self, backfill_id: str) -> Reply[list[ExecutionId]]:
        """The executions that a backfill has made, in the order of their instants."""
        return self._read(b.executions_of_backfill, BackfillId(backfill_id))

    def list_backfills(
        self, schedule_id: str, page: q.PageRequest = q.PageRequest()
    ) -> Reply[q.Page[BackfillProgress]]:
        """The backfills of a schedule, newest first."""
        found = self._read(b.backfills, ScheduleId(schedule_id), page)
        return found.map(self._shown.backfills)

    def cancel_backfill(self, backfill_id: str) -> Reply[None]:
        """Begin no more of a backfill, and end what runs of it; decided when this is answered.

        Raises `NotFound`, and `IllegalTransition` when it has come to its end.
        """

        def cancel(assembly: Assembly) -> Reply[None]:
            key = BackfillId(backfill_id)
            change = CancelBackfill(key, assembly.clock.now())
            stored: Reply[None] = assembly.cast.state.ask(m.Commit(change))
            return stored.map(lambda _: assembly.cast.run_queue.tell(m.EndBackfill(key)))

        return self._call(cancel)
