"""What becomes of an event that a schedule waits for: a table of cases, without any actor."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sample import NOW, a_schedule, an_execution

from quarterjack.actors.event_decisions import MOST_CHAINED, decide_event
from quarterjack.actors.fire_decisions import Fires
from quarterjack.actors.policies.timetable import Timetable
from quarterjack.storage import (
    Delivery,
    Execution,
    ExecutionConfig,
    ExecutionId,
    ExecutionStatus,
    FireOutcome,
    FireReason,
    Schedule,
    ScheduleConfig,
    ScheduleId,
    ScheduleStatus,
    SeededIds,
    Trigger,
)
from quarterjack.storage.plain_data import pack

LATER = NOW + timedelta(seconds=3)
ME = ScheduleId("sch_1")


def schedule(config: dict[str, Any] | None = None, **changes: Any) -> Schedule:
    given = ScheduleConfig.model_validate({"event": "go", **(config or {})})
    return a_schedule(ME, schedule_config=given, next_fire=None, **changes)


def delivery(payload: object = None, **changes: Any) -> Delivery:
    found = Delivery(7, "go", "", pack(payload), NOW, (), None, (ME,), ())
    return replace(found, **changes)


def decide(about: Schedule, event: Delivery, *unfinished: Execution) -> Fires | None:
    return decide_event(about, Timetable.of(about), unfinished, LATER, SeededIds(1), event)


def test_the_execution_carries_the_event_and_its_chain() -> None:
    config = ExecutionConfig.model_validate({"params": {"a": 1}, "priority": 2})
    event = delivery([1], key="k", chain=(ScheduleId("sch_9"),))

    fires = decide(schedule(execution_config=config), event)

    assert fires is not None
    ((row, run, events),) = [(d.fire, d.execution, d.events) for d in fires.decisions]
    assert run is not None
    assert (run.due, run.scheduled_time, run.queued_at) == (NOW, NOW, LATER)
    assert (run.trigger, run.params, run.priority) == (Trigger.EVENT, {"a": 1}, 2)
    assert run.context == {"event": {"name": "go", "key": "k", "payload": [1]}}
    assert (run.chain, run.lineage) == (("sch_9",), ("sch_9", "sch_1"))
    assert (row.due, row.outcome, row.execution_id) == (NOW, FireOutcome.STARTED, run.id)
    assert row.lateness == timedelta(seconds=3)
    assert [event.type for event in events] == ["schedule.triggered"]
    assert (fires.next, fires.status) == (None, ScheduleStatus.ACTIVE)


@pytest.mark.parametrize(
    ("about", "event"),
    [
        (schedule(status=ScheduleStatus.DISABLED), delivery()),
        (schedule(status=ScheduleStatus.FINISHED), delivery()),
        (schedule({"event": "stop"}), delivery()),
        (schedule({"eventFilter": {"a": 1}}), delivery({"a": 2})),
        (schedule({"event": "workflow.failed:*"}), delivery(name="workflow.succeeded:w")),
        (a_schedule(ME), delivery()),
    ],
    ids=["disabled", "finished", "another event", "filtered", "another end", "by the clock"],
)
def test_what_is_nothing_to_the_schedule_leaves_no_row(about: Schedule, event: Delivery) -> None:
    assert decide(about, event) is None


_DAY = timedelta(days=1)
_USED_UP = {"config": {"maxRuns": 3}, "runs": 3}
_BEFORE = {"startAt": (NOW + _DAY).isoformat()}
_AFTER = {"endAt": NOW.isoformat()}


@pytest.mark.parametrize(
    ("given", "chain", "outcome", "reason", "status"),
    [
        ({}, [], "started", None, "active"),
        ({"status": ScheduleStatus.ERROR}, [], "started", None, "active"),
        ({"config": {"maxRuns": 3}, "runs": 2}, [], "started", None, "finished"),
        (_USED_UP, [], "skipped", "maxRuns", "finished"),
        (_USED_UP | {"status": ScheduleStatus.FINISHED}, [], "skipped", "maxRuns", "finished"),
        ({"status": ScheduleStatus.PAUSED}, [], "missed", "paused", "paused"),
        ({"config": _BEFORE}, [], "skipped", "outside", "active"),
        ({"config": _AFTER}, [], "skipped", "outside", "finished"),
        ({"config": {"exclude": ["2026-01-01"]}}, [], "skipped", "excluded", "active"),
        ({}, ["sch_1"], "skipped", "loop", "active"),
        ({}, ["sch_2", "sch_1", "sch_3"], "skipped", "loop", "active"),
        ({"status": ScheduleStatus.PAUSED}, ["sch_1"], "skipped", "loop", "paused"),
        ({}, ["sch_2"] * (MOST_CHAINED - 1), "started", None, "active"),
        ({}, ["sch_2"] * MOST_CHAINED, "skipped", "chainTooLong", "active"),
    ],
)
def test_every_case_has_its_row(
    given: dict[str, Any], chain: list[str], outcome: str, reason: str | None, status: str
) -> None:
    event = delivery(chain=tuple(chain), source=ExecutionId("exe_9"))

    fires = decide(schedule(**given), event)

    assert fires is not None
    (decision,) = fires.decisions
    assert decision.fire.outcome == outcome
    assert decision.fire.reason == (None if reason is None else FireReason(reason))
    assert fires.status == status
    assert (decision.execution is None) == (reason is not None)
    assert decision.fire.blocked_by == ("exe_9" if reason in ("loop", "chainTooLong") else None)
    assert ("detail" in decision.events[0].data) == (reason in ("loop", "chainTooLong"))


@pytest.mark.parametrize(
    ("policy", "outcome", "replaced"),
    [
        ("skip", "skipped", []),
        ("queueOne", "queued", []),
        ("queueAll", "queued", []),
        ("allow", "started", []),
        ("cancelRunning", "started", ["exe_1"]),
    ],
)
def test_overlap_is_decided_as_for_due_instants(
    policy: str, outcome: str, replaced: list[str]
) -> None:
    running = an_execution("exe_1", status=ExecutionStatus.RUNNING)

    fires = decide(schedule({"overlap": policy}), delivery(), running)

    assert fires is not None
    assert fires.decisions[0].fire.outcome == outcome
    assert fires.replaced == replaced
    assert fires.decisions[0].fire.blocked_by == ("exe_1" if policy == "skip" else None)


def test_what_one_execution_does_with_its_event_no_other_sees() -> None:
    event = delivery({"list": []})
    first, second = (decide(schedule(), event) for _ in range(2))

    assert first is not None
    assert second is not None
    one, other = first.decisions[0].execution, second.decisions[0].execution
    assert one is not None
    assert other is not None
    one.context["event"]["payload"]["list"].append(1)
    assert other.context["event"]["payload"] == {"list": []}
