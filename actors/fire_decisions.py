"""What becomes of the due instants of a schedule: catch-up and overlap applied, one after the other. Pure.

Takes the schedule as it is, its executions that have not ended, and the time; gives ledger rows,
executions and events, ready to be committed together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from .policies.triggers import Stretch, rule_of, stretch

MOST_INSTANTS = 1_000
"""Due instants that are looked at one by one; a longer stretch is one ledger row."""


@dataclass(frozen=True, slots=True)
class Fires:
    """What was decided, which executions are to be cancelled, and when the schedule is due next."""

    decisions: Sequence[Decision]
    replaced: Sequence[ExecutionId]
    next_fire: datetime | None
    status: ScheduleStatus


def decide_fires(
    schedule: Schedule,
    unfinished: Sequence[Execution],
    scheduled_for: datetime,
    now: datetime,
    ids: IdSource,
) -> Fires:
    """Decide about every instant from `scheduled_for` (which is due) up to now."""
    config = schedule.schedule_config
    rule = rule_of(config, schedule.created_at)
    due = stretch(rule, scheduled_for, now, MOST_INSTANTS)
    window = config.catch_up_window
    if window is None:
        window = catch_up.default_window(_period(due))
    decisions: list[Decision] = []
    if due.following is not None and due.following <= now - window:
        decisions.append(_long_gone(schedule, scheduled_for, now, through=now - window))
        first = rule.next(now - window)
        due = Stretch([], None) if first is None else stretch(rule, first, now, MOST_INSTANTS)
    replaced: list[ExecutionId] = []
    running = list(unfinished)
    for verdict in catch_up.decide(config.catch_up, due.instants, now=now, window=window):
        decision = _decide(schedule, rule.trigger, verdict, running, now, ids)
        if decision.execution is not None:
            if config.overlap is Overlap.CANCEL_RUNNING:
                replaced.extend(each.id for each in running)
                running = []
            running.append(decision.execution)
        decisions.append(decision)
    status = ScheduleStatus.FINISHED if due.following is None else ScheduleStatus.ACTIVE
    return Fires(decisions, replaced, due.following, status)


def _period(due: Stretch) -> timedelta | None:
    following = due.instants[1] if len(due.instants) > 1 else due.following
    return None if following is None else following - due.instants[0]


def triggered_event(execution: Execution, now: datetime) -> Event:
    """The execution is recorded."""
    data = {
        "trigger": execution.trigger.value,
        "scheduledTime": format_instant(execution.scheduled_time),
        "lateness": (now - execution.scheduled_time).total_seconds(),
    }
    return Event(
        "schedule.triggered",
        now,
        execution.schedule_id,
        execution.workflow_id,
        execution.id,
        data,
    )


def _long_gone(
    schedule: Schedule, first: datetime, now: datetime, *, through: datetime
) -> Decision:
    """One row for all the instants before the window, when they are too many for a row each."""
    fire = Fire(
        schedule.id,
        first,
        now,
        FireOutcome.MISSED,
        FireReason.CATCH_UP_WINDOW,
        through=through,
    )
    return Decision(fire, None, [_skipped_event(schedule, fire)])


def _decide(
    schedule: Schedule,
    trigger: Trigger,
    verdict: catch_up.Verdict,
    unfinished: Sequence[Execution],
    now: datetime,
    ids: IdSource,
) -> Decision:
    if verdict.outcome is FireOutcome.MISSED:
        fire = Fire(schedule.id, verdict.due, now, verdict.outcome, verdict.reason)
        return Decision(fire, None, [_skipped_event(schedule, fire)])
    queued = sum(1 for each in unfinished if each.status is ExecutionStatus.QUEUED)
    choice = overlap.decide(
        schedule.schedule_config.overlap, running=len(unfinished) - queued, queued=queued
    )
    if choice is overlap.Decision.SKIP:
        fire = Fire(
            schedule.id,
            verdict.due,
            now,
            FireOutcome.SKIPPED,
            FireReason.OVERLAP,
            blocked_by=unfinished[0].id,
        )
        return Decision(fire, None, [_skipped_event(schedule, fire)])
    execution = _execution(schedule, trigger, verdict.due, now, ids)
    limit = execution.options.max_concurrency
    busy = choice is overlap.Decision.RUN and limit is not None and len(unfinished) >= limit
    on_time = FireOutcome.QUEUED if busy else FireOutcome.STARTED
    outcome = on_time if verdict.outcome is FireOutcome.STARTED else verdict.outcome
    fire = Fire(schedule.id, verdict.due, now, outcome, execution_id=execution.id)
    return Decision(fire, execution, [triggered_event(execution, now)])


def _execution(
    schedule: Schedule, trigger: Trigger, due: datetime, now: datetime, ids: IdSource
) -> Execution:
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


def _skipped_event(schedule: Schedule, fire: Fire) -> Event:
    return Event(
        "schedule.skipped",
        fire.decided_at,
        schedule.id,
        schedule.workflow_id,
        None,
        {
            "scheduledTime": format_instant(fire.due),
            "outcome": fire.outcome.value,
            "reason": None if fire.reason is None else fire.reason.value,
            "blockedBy": fire.blocked_by,
        },
    )
