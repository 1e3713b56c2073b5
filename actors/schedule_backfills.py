"""What a schedule does when it is to be backfilled: has it worked out, stored in one piece, and enqueued.

A part of the schedule's actor. Its backfills are beside its own executions, which they neither block nor
wait for. Takes `BackfillSchedule`; tells the run queue `EnqueueAll` and, when the schedule is deleted,
`EndBackfill`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from quarterjack.storage import BackfillId, QuarterjackError
from quarterjack.storage.backfill_changes import RecordBackfill
from quarterjack.storage.backfills import queued_by_backfills

from . import messages as m
from .backfill import backfill_made, plan_backfill
from .engine import Reply, handles
from .schedule_events import ScheduleEvents


class ScheduleBackfills(ScheduleEvents):
    """The base of the schedule's actor, which has the rest."""

    def _checked_params(self, given: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    @handles(m.BackfillSchedule)
    def backfill(self, message: m.BackfillSchedule) -> Reply[Any]:
        schedule, now = self._existing(), self.clock.now()
        params = self._checked_params(message.request.params)
        own = {name: params[name] for name in message.request.params}
        request = message.request.model_copy(update={"params": own})
        answer: Reply[Any] = Reply()

        def planned(reply: Reply[Any]) -> None:
            self.release()
            try:
                plan: RecordBackfill = reply.get()
            except QuarterjackError as error:
                answer.set_exception(error)
                return
            stored = self._store(plan, lambda _: self._enqueue_all(plan))
            stored.map(lambda key: backfill_made(key, plan.executions)).pipe(answer)

        self.hold()
        given = (schedule, request, params, now, self.environment.ids, message.backfill_id)
        self.read(planned, plan_backfill, *given)
        return answer

    def _enqueue_all(self, plan: RecordBackfill) -> None:
        self.cast.run_queue.tell(m.EnqueueAll(plan.executions))

    def _end_backfills(self, keys: Sequence[BackfillId]) -> None:
        for key in keys:
            self.cast.run_queue.tell(m.EndBackfill(key))

    def _remind_of_backfills(self) -> None:
        """The one before may have had no time to enqueue what it recorded."""

        def remind(reply: Reply[Any]) -> None:
            for key in reply.get():
                self.cast.run_queue.tell(m.Recorded(key))

        self.read(remind, queued_by_backfills, self._key)
