"""What becomes of the due instants of a schedule: exclusions, catch-up, overlap and `maxRuns` applied. Pure.

Takes the schedule as it is, its executions that have not ended, and the time; gives ledger rows,
executions and events, ready to be committed together.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from quarterjack.storage import (
    Event,
    Execution,
    ExecutionId,
    ExecutionStatus,
    Fire,
    FireOutcome,
    FireReason,
    IdSource,
    Overlap,
    RunOptions,
    Schedule,
    ScheduleStatus,
    Trigger,
)
from quarterjack.storage.instants import format_instant
from quarterjack.storage.schedule_changes import Decision

from .policies import catch_up, overlap
from .policies.timetable import Occurrence, Timetable

MOST_INSTANTS = 1_000
"""Due instants that are looked at one by one; a longer stretch is one ledger row."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Fires:
    """What was decided, which executions are to be cancelled, and what is to be decided next."""

    decisions: Sequence[Decision]
    replaced: Sequence[ExecutionId]
    next: Occurrence | None
    status: ScheduleStatus


def decide_fires(
    schedule: Schedule,
    timetable: Timetable,
    unfinished: Sequence[Execution],
    now: datetime,
    ids: IdSource,
    decided: Collection[datetime] = frozenset(),
) -> Fires:
    """Decide about every instant from the schedule's `next_due` up to now.

    `decided` are those among them that have a row already, such as backfilled ones.
    """
    return Deciding(schedule, timetable, unfinished, now, ids, decided).all_due()


class Deciding:
    """One go through what is due; a base for those who decide about other things than due instants."""

    def __init__(
        self,
        schedule: Schedule,
        timetable: Timetable,
        unfinished: Sequence[Execution],
        now: datetime,
        ids: IdSource,
        decided: Collection[datetime] = frozenset(),
    ) -> None:
        self._schedule = schedule
        self._config = schedule.schedule_config
        self._timetable = timetable
        self._now = now
        self._ids = ids
        self._decided = decided
        self._running = list(unfinished)
        self._runs = schedule.runs
        self._decisions: list[Decision] = []
        self._replaced: list[ExecutionId] = []

    def all_due(self) -> Fires:
        """Every instant that fires by now, oldest first."""
        due, following = self._due(self._schedule.next_due)
        window = self._config.catch_up_window
        if window is None:
            window = catch_up.default_window(_period(due, following))
        if following is not None and following.fires_at <= self._now - window:
            due, following = self._pass_over(due, following, self._now - window)
        firing = []
        for each in due:
            if self._timetable.excluded_by(each.due) is None:
                firing.append(each)
            else:
                self._leave(each, FireOutcome.SKIPPED, FireReason.EXCLUDED)
        for verdict in catch_up.decide(
            self._config.catch_up,
            firing,
            now=self._now,
            window=window,
            resumed_at=self._schedule.resumed_at,
            more=following is not None and following.fires_at <= self._now,
        ):
            self._decide(verdict)
        if self._is_used_up():
            following = None
        ended = following is None and self._config.event is None
        status = ScheduleStatus.FINISHED if ended else ScheduleStatus.ACTIVE
        in_order = sorted(self._decisions, key=lambda each: each.fire.due)
        return Fires(in_order, self._replaced, following, status)

    def _due(self, first: datetime | None) -> tuple[list[Occurrence], Occurrence | None]:
        """What fires by now, in the order in which it is due; and the first that is left."""
        found: list[Occurrence] = []
        held_until = datetime.min.replace(tzinfo=UTC)
        for occurrence in self._timetable.from_(first):
            # One that waited for those before it, whose jitter was longer, is not late for that.
            held_until = max(held_until, occurrence.fires_at)
            each = occurrence._replace(fires_at=held_until)
            if held_until > self._now or len(found) == MOST_INSTANTS:
                return found, each
            found.append(each)
        return found, None

    def _pass_over(
        self, due: list[Occurrence], following: Occurrence, until: datetime
    ) -> tuple[list[Occurrence], Occurrence | None]:
        """One row for all the instants before the window, when they are too many for a row each."""
        until -= self._config.jitter  # so that each of them fires by then
        if following.due > until:
            return due, following
        first, last = due[0].due, self._timetable.last(following.due, until)
        decided = [each for each in self._decided if first <= each <= last]
        count = self._timetable.count(first - _MICROSECOND, last)
        count -= sum(1 for each in decided if self._timetable.is_due(each))
        if count:
            self._miss(self._first_undecided(due[0]), last, count)
        found = self._timetable.next(last)
        return ([], None) if found is None else self._due(found.due)

    def _first_undecided(self, first: Occurrence) -> datetime:
        return next(
            each.due for each in self._timetable.from_(first.due) if each.due not in self._decided
        )

    def _miss(self, first: datetime, last: datetime, count: int) -> None:
        resumed_at = self._schedule.resumed_at
        paused = resumed_at is not None and last < resumed_at
        row = Fire(
            self._schedule.id,
            first,
            self._now,
            FireOutcome.MISSED,
            FireReason.PAUSED if paused else FireReason.CATCH_UP_WINDOW,
            through=last,
            instants=count,
        )
        self._decisions.append(Decision(row, None, [_missed_event(self._schedule, row)]))

    def _decide(self, verdict: catch_up.Verdict) -> None:
        if verdict.occurrence.due in self._decided:
            return
        if verdict.outcome is FireOutcome.MISSED:
            self._leave(verdict.occurrence, verdict.outcome, verdict.reason)
        elif self._is_used_up():
            self._leave(verdict.occurrence, FireOutcome.SKIPPED, FireReason.MAX_RUNS)
        else:
            self._overlap(verdict)

    def _overlap(self, verdict: catch_up.Verdict) -> None:
        running, policy = self._running, self._config.overlap
        queued = sum(1 for each in running if each.status is ExecutionStatus.QUEUED)
        choice = overlap.decide(policy, running=len(running) - queued, queued=queued)
        if choice is overlap.Decision.SKIP:
            blocker = running[0].id
            self._leave(verdict.occurrence, FireOutcome.SKIPPED, FireReason.OVERLAP, blocker)
            return
        if policy is Overlap.CANCEL_RUNNING:
            self._replaced.extend(each.id for each in running)
            self._running = running = []
        execution = self._execution(verdict.occurrence.due)
        limit = execution.options.max_concurrency
        busy = limit is not None and len(running) >= limit
        on_time = FireOutcome.QUEUED if busy else FireOutcome.STARTED
        outcome = on_time if verdict.outcome is FireOutcome.STARTED else verdict.outcome
        row = self._row(verdict.occurrence, outcome, execution_id=execution.id)
        event = triggered_event(execution, self._now, row.lateness)
        self._decisions.append(Decision(row, execution, [event]))
        self._running.append(execution)
        self._runs += 1

    def _execution(self, due: datetime) -> Execution:
        return new_execution(self._schedule, self._timetable.trigger, due, self._now, self._ids)

    def _is_used_up(self) -> bool:
        limit = self._config.max_runs
        return limit is not None and self._runs >= limit

    def _leave(
        self,
        occurrence: Occurrence,
        outcome: FireOutcome,
        reason: FireReason | None,
        blocker: ExecutionId | None = None,
    ) -> None:
        row = self._row(occurrence, outcome, reason=reason, blocked_by=blocker)
        tell = _missed_event if outcome is FireOutcome.MISSED else skipped_event
        self._decisions.append(Decision(row, None, [tell(self._schedule, row)]))

    def _row(
        self,
        occurrence: Occurrence,
        outcome: FireOutcome,
        *,
        reason: FireReason | None = None,
        execution_id: ExecutionId | None = None,
        blocked_by: ExecutionId | None = None,
    ) -> Fire:
        return Fire(
            self._schedule.id,
            occurrence.due,
            self._now,
            outcome,
            reason,
            execution_id,
            blocked_by,
            jitter=occurrence.jitter,
        )


def _period(due: list[Occurrence], following: Occurrence | None) -> timedelta | None:
    second = due[1] if len(due) > 1 else following
    return None if second is None or not due else second.due - due[0].due


def new_execution(
    schedule: Schedule,
    trigger: Trigger,
    due: datetime,
    now: datetime,
    ids: IdSource,
) -> Execution:
    """The execution that a due instant makes."""
    config = schedule.execution_config
    policy = schedule.schedule_config.overlap
    return Execution(
        id=ExecutionId(ids.new("exe")),
        workflow_id=schedule.workflow_id,
        schedule_id=schedule.id,
        status=ExecutionStatus.QUEUED,
        trigger=trigger,
        scheduled_time=due,
        due=due,
        queued_at=now,
        priority=config.priority,
        params=config.params,
        context={},
        options=RunOptions(
            config.timeout,
            config.retry_policy,
            overlap.concurrency(policy, config.max_concurrency),
        ),
    )


def triggered_event(execution: Execution, now: datetime, lateness: timedelta) -> Event:
    """The execution is recorded."""
    data = {
        "trigger": execution.trigger.value,
        "scheduledTime": format_instant(execution.scheduled_time),
        "lateness": lateness.total_seconds(),
    }
    return Event(
        "schedule.triggered",
        now,
        execution.schedule_id,
        execution.workflow_id,
        execution.id,
        data,
    )


def skipped_event(schedule: Schedule, fire: Fire, **more: str) -> Event:
    """The schedule made no execution; `more` goes into the event's data."""
    data = _what_was_left(fire) | {"blockedBy": fire.blocked_by, **more}
    return Event("schedule.skipped", fire.decided_at, schedule.id, schedule.workflow_id, None, data)


def _missed_event(schedule: Schedule, fire: Fire) -> Event:
    through = None if fire.through is None else format_instant(fire.through)
    data = _what_was_left(fire) | {"through": through, "instants": fire.instants}
    return Event("schedule.missed", fire.decided_at, schedule.id, schedule.workflow_id, None, data)


def _what_was_left(fire: Fire) -> dict[str, str | float | None]:
    return {
        "scheduledTime": format_instant(fire.due),
        "reason": None if fire.reason is None else fire.reason.value,
        "lateness": fire.lateness.total_seconds(),
    }
