"""One schedule: decides what becomes of each of its due instants, and is the only one who does.

A virtual actor on the loop: begins with what is stored, sleeps when idle. One change at a time: while
one is being committed, ordinary messages wait. Takes `FireDue`, the asks that make, change, pause,
resume, trigger and delete it, and `ExecutionEnded`; tells the ticker `Arm` and the run queue `Enqueue`.
What it does with events is in `schedule_events.py`, with backfills in `schedule_backfills.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from quarterjack.storage import (
    BackfillId,
    Calendar,
    Event,
    Execution,
    ExecutionId,
    ExecutionStatus,
    FieldError,
    InvalidInput,
    NotFound,
    QuarterjackError,
    Schedule,
    ScheduleId,
    ScheduleStatus,
    Trigger,
    VersionConflict,
)
from quarterjack.storage import schedule_changes as changes
from quarterjack.storage.backfill_changes import DeleteWithBackfills
from quarterjack.storage.calendar_names import calendars_in
from quarterjack.storage.queries import ScheduleWithOpen, schedule_with_open
from quarterjack.storage.recount import RecountSchedule
from quarterjack.storage.statuses import check_schedule
from quarterjack.storage.transaction import Change

from . import messages as m
from .drafts import changed_schedule, due_from, new_schedule
from .engine import Reply, handles
from .environment import Environment
from .fire_decisions import Fires, decide_fires, new_execution, triggered_event
from .late_decisions import decide_late
from .policies import overlap
from .policies.catch_up import ON_TIME
from .policies.timetable import Timetable
from .schedule_backfills import ScheduleBackfills
from .schedule_repair import repaired

_COSTLY_SECONDS = 0.001
"""What took longer to be decided is worked out off the loop the next time."""


class OverlapRefused(QuarterjackError):
    """An earlier execution has not ended, and the trigger asked to respect that."""

    def __init__(self, schedule_id: str, blocked_by: str) -> None:
        self.schedule_id = schedule_id
        self.blocked_by = blocked_by
        super().__init__(
            f"The schedule {schedule_id!r} does not overlap, and its execution {blocked_by!r} has "
            "not ended; wait for it, or trigger without respectOverlap."
        )


class Wedged(QuarterjackError):
    """A schedule's actor did not decide an instant that is long due, and is restarted."""

    def __init__(self, schedule_id: str, due: datetime) -> None:
        self.schedule_id = schedule_id
        self.due = due
        super().__init__(
            f"The schedule {schedule_id!r} has not decided what was due at {due.isoformat()}; "
            "it is restarted, and decides it then."
        )


class ScheduleActor(ScheduleBackfills):
    """The actor of the schedule `key`, whether that exists or not."""

    def __init__(self, environment: Environment, key: ScheduleId) -> None:
        super().__init__(environment)
        self._key = key
        self._found: Schedule | None = None
        self._open: dict[ExecutionId, Execution] = {}
        self._calendars: dict[str, Calendar] = {}
        self._costly = False

    def on_start(self) -> None:
        self.hold()
        self.read(self._began, schedule_with_open, self._key)

    @handles(m.FireDue)
    def fire_due(self, message: m.FireDue) -> None:
        schedule = self._found
        if schedule is None or schedule.next_fire != message.scheduled_for:
            self._arm()
            return
        now = self.clock.now()
        if now < message.scheduled_for:  # the wall clock went back
            self._arm()
            return
        given = (schedule, self._timetable(schedule), list(self._open.values()), now)
        if self._costly or now - message.scheduled_for > ON_TIME:
            self.hold()
            self.read(self._worked_out, decide_late, *given, self.environment.ids)
            return
        began = self.clock.monotonic()
        fires = decide_fires(*given, self.environment.ids)
        self._costly = self.clock.monotonic() - began > _COSTLY_SECONDS
        self._record(fires)

    def _worked_out(self, reply: Reply[Any]) -> None:
        self.release()
        self._record(reply.get())

    def _record(self, fires: Fires) -> None:
        self._store(self._change_of(fires), lambda made: self._fired(fires, made))

    def _change_of(self, fires: Fires) -> changes.RecordFires:
        schedule = self._existing()
        return changes.RecordFires(
            self._key,
            schedule.version,
            fires.decisions,
            None if fires.next is None else fires.next.due,
            None if fires.next is None else fires.next.fires_at,
            fires.status,
            self._calendar_versions(schedule),
        )

    @handles(m.StartAgain)
    def start_again(self, message: m.StartAgain) -> None:
        raise Wedged(self._key, message.due)

    @handles(m.CreateSchedule)
    def create(self, message: m.CreateSchedule) -> Reply[Any]:
        now = self.clock.now()
        return self._begin(new_schedule(self._key, message.draft, self.environment.workflows, now))

    @handles(m.EnterSchedule)
    def enter(self, message: m.EnterSchedule) -> Reply[Any]:
        return self._begin(message.schedule)

    @handles(m.UpdateSchedule)
    def update(self, message: m.UpdateSchedule) -> Reply[Any]:
        current = self._at_version(message.version)
        after = changed_schedule(
            current, message.changes, self.environment.workflows, self.clock.now()
        )
        data = {"name": after.name, "version": after.version}
        return self._change(after, "schedule.updated", data)

    @handles(m.PauseSchedule)
    def pause(self, message: m.PauseSchedule) -> Reply[Any]:
        current = self._at_version(message.version)
        paused = replace(current, status=ScheduleStatus.PAUSED, next_fire=None)
        return self._turn(paused, message.note, "schedule.paused")

    @handles(m.ResumeSchedule)
    def resume(self, message: m.ResumeSchedule) -> Reply[Any]:
        current, now = self._at_version(message.version), self.clock.now()
        resumed = replace(current, status=ScheduleStatus.ACTIVE)
        if current.status is ScheduleStatus.PAUSED:
            resumed = replace(resumed, resumed_at=now)
        if current.status is not ScheduleStatus.ACTIVE:
            timetable, due = self._timetable(current), current.next_due
            found = timetable.next(now) if due is None else timetable.occurrence(due)
            resumed = due_from(resumed, found)
        return self._turn(resumed, message.note, "schedule.resumed")

    @handles(m.DeleteSchedule)
    def delete(self, message: m.DeleteSchedule) -> Reply[Any]:
        current = self._at_version(message.version)
        event = self._event("schedule.deleted", current, {"name": current.name})
        change = changes.DeleteSchedule(self._key, [event])
        if not message.cancel:
            return self._store(change, lambda _: self._deleted())
        with_backfills = DeleteWithBackfills(change, self.clock.now())
        return self._store(with_backfills, self._deleted_with_all).map(lambda _: None)

    @handles(m.SyncSchedule)
    def sync(self, _: m.SyncSchedule) -> Reply[Any]:
        current, now = self._existing(), self.clock.now()
        change = RecountSchedule(repaired(current, self._timetable(current), now))
        return self._store(change, lambda _: self._reload())

    @handles(m.FallAsleep)
    def fall_asleep(self, _: m.FallAsleep) -> None:
        self.stop()

    @handles(m.TriggerSchedule)
    def trigger(self, message: m.TriggerSchedule) -> Reply[Any]:
        execution = self._triggered(message)
        blocker = next(iter(self._open), None)
        policy = self._existing().schedule_config.overlap
        if message.respect_overlap and blocker is not None:
            decision = overlap.decide(policy, running=self._running(), queued=self._queued())
            if decision is overlap.Decision.SKIP:
                raise OverlapRefused(self._key, blocker)
            if decision is overlap.Decision.REPLACE:
                self._cancel(list(self._open))
        event = triggered_event(execution, execution.queued_at, timedelta(0))
        is_given = message.execution_id is not None
        change = changes.RecordRun(execution, [event], is_id_given=is_given)
        return self._store(change, lambda _: self._enqueue([execution]))

    @handles(m.ExecutionEnded)
    def execution_ended(self, message: m.ExecutionEnded) -> None:
        self._open.pop(message.execution_id, None)
        if self._found is not None and self._found.execution_config.pause_on_failure is not None:
            self._reload()  # its end may have paused the schedule

    @handles(m.Joined)
    def joined(self, message: m.Joined) -> None:
        if message.execution.backfill_id is None:
            self._open[message.execution.id] = message.execution

    @handles(m.BeginExecution)
    def execution_began(self, message: m.BeginExecution) -> None:
        if message.execution.id in self._open:
            self._open[message.execution.id] = replace(
                message.execution, status=ExecutionStatus.RUNNING
            )

    def _began(self, reply: Reply[Any]) -> None:
        self._loaded(reply)
        if self.restarted:  # the one before may have had no time to enqueue what it recorded
            self._remind_of_backfills()
            self.cast.run_queue.tell(m.LookRound())
            for execution in self._open.values():
                if execution.status is ExecutionStatus.QUEUED:
                    self.cast.run_queue.tell(m.Recorded(execution.id))

    def _begin(self, schedule: Schedule) -> Reply[Any]:
        event = self._event("schedule.created", schedule, {"name": schedule.name, "version": 1})
        return self._store(changes.CreateSchedule(schedule, [event]), self._became)

    def _loaded(self, reply: Reply[Any]) -> None:
        found: ScheduleWithOpen = reply.get()
        self._found = found.schedule
        self._open = {execution.id: execution for execution in found.open}
        self._calendars = found.calendars
        self.release()

    def _existing(self) -> Schedule:
        if self._found is None:
            self.ref.stop(block=False)
            raise NotFound("schedule", self._key)
        return self._found

    def _timetable(self, schedule: Schedule) -> Timetable:
        return Timetable.of(schedule, {name: each.days for name, each in self._calendars.items()})

    def _calendar_versions(self, schedule: Schedule) -> dict[str, int]:
        """Of each calendar that it names, as far as it is known here; 0, which none has: not at all.

        What was decided with others than the stored ones is refused, and they are read: so nobody
        needs to be told of a change.
        """
        known = self._calendars
        names = calendars_in(schedule.schedule_config.exclude)
        return {name: known[name].version if name in known else 0 for name in names}

    def _at_version(self, seen: int | None) -> Schedule:
        current = self._existing()
        if seen is not None and seen != current.version:
            raise VersionConflict("schedule", self._key, expected=seen, found=current.version)
        return current

    def _turn(self, turned: Schedule, note: str, event: str) -> Reply[Any]:
        current = self._existing()
        check_schedule(self._key, current.status, turned.status)
        after = replace(turned, note=note, version=current.version + 1, updated_at=self.clock.now())
        return self._change(after, event, {"note": note})

    def _change(self, after: Schedule, event: str, data: dict[str, Any]) -> Reply[Any]:
        change = changes.ChangeSchedule(
            after, self._existing().version, [self._event(event, after, data)]
        )
        return self._store(change, self._became)

    def _store(self, change: Change[Any], then: Callable[[Any], None]) -> Reply[Any]:
        """Commit, and take no other message until that is done; the answer is the change's."""
        self.hold()
        answer: Reply[Any] = Reply()

        def stored(reply: Reply[Any]) -> None:
            self.release()
            try:
                value = reply.get()
            except QuarterjackError as error:
                answer.set_exception(error)
                self._reload()
                return
            except BaseException as error:
                answer.set_exception(error)
                raise
            answer.set(value)
            then(value)

        self.commit(change, stored)
        return answer

    def _reload(self) -> None:
        self.hold()
        self.read(self._reloaded, schedule_with_open, self._key)

    def _reloaded(self, reply: Reply[Any]) -> None:
        self._loaded(reply)
        self._arm()

    def _became(self, schedule: Schedule) -> None:
        self._found = schedule
        self._arm()

    def _deleted(self) -> None:
        self._found = None
        self._arm()

    def _deleted_with_all(self, backfills: Sequence[BackfillId]) -> None:
        self._deleted()
        self._cancel(list(self._open))
        self._end_backfills(backfills)

    def _fired(self, fires: Fires, made: Sequence[Execution]) -> None:
        found = self._existing()
        self._found = replace(
            found,
            next_due=None if fires.next is None else fires.next.due,
            next_fire=None if fires.next is None else fires.next.fires_at,
            status=fires.status,
            runs=found.runs + len(made),
        )
        self._cancel(fires.replaced)
        self._enqueue(made)
        self._arm()

    def _enqueue(self, made: Sequence[Execution]) -> None:
        for execution in made:
            self._open[execution.id] = execution
            self.cast.run_queue.tell(m.Enqueue(execution))

    def _cancel(self, keys: Sequence[ExecutionId]) -> None:
        for key in keys:
            self.cast.run_queue.ask(m.CancelExecution(key, "replaced or no longer wanted"))

    def _arm(self) -> None:
        due = self._found.next_fire if self._found else None
        self.cast.ticker.tell(m.Arm(self._key, due))

    def _running(self) -> int:
        return len(self._open) - self._queued()

    def _queued(self) -> int:
        return sum(1 for each in self._open.values() if each.status is ExecutionStatus.QUEUED)

    def _checked_params(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The schedule's parameters with those that are given."""
        schedule = self._existing()
        stored, workflows = schedule.execution_config.params, self.environment.workflows
        workflow = workflows.find(schedule.workflow_id)
        params, wrong = workflows.admitted(workflow, {**stored, **given}, stored)
        if wrong:
            raise InvalidInput([FieldError(("params", name), msg) for name, msg in wrong])
        return params

    def _triggered(self, message: m.TriggerSchedule) -> Execution:
        schedule = self._existing()
        params = self._checked_params(message.params or {})
        now = self.clock.now()
        made = new_execution(schedule, Trigger.MANUAL, now, now, self.environment.ids)
        limit = made.options.max_concurrency if message.respect_overlap else None
        return replace(
            made,
            id=ExecutionId(message.execution_id or made.id),
            due=None,
            priority=made.priority if message.priority is None else message.priority,
            params=params,
            context=dict(message.context),
            traceparent=message.traceparent,
            options=replace(made.options, max_concurrency=limit),
        )

    def _event(self, kind: str, schedule: Schedule, data: dict[str, Any]) -> Event:
        return Event(kind, self.clock.now(), schedule.id, schedule.workflow_id, None, data)
