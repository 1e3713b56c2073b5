"""Events as they are stored: for whom, how long, and only once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sample import NOW, a_fire, a_schedule, an_execution

from quarterjack.storage import (
    BootId,
    Delivery,
    Execution,
    ExecutionId,
    ExecutionStatus,
    Failure,
    IdempotencyConflict,
    Schedule,
    ScheduleConfig,
    ScheduleId,
    ScheduleStatus,
    StepRun,
    StepStatus,
)
from quarterjack.storage.database import Readers, Writer
from quarterjack.storage.deliveries import Arrival, FinishDelivery, unfinished_deliveries
from quarterjack.storage.event_changes import DeliverEvent
from quarterjack.storage.event_fires import EventFire, RecordEventFire
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started, StepChange
from quarterjack.storage.journal import Committed, Journal
from quarterjack.storage.plain_data import pack, unpack
from quarterjack.storage.records import Attempt, Awaited, Receipt, StepKey
from quarterjack.storage.schedule_changes import (
    ChangeSchedule,
    CreateSchedule,
    Decision,
    RecordFires,
    RecordRun,
)

MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
EXE_7, EXE_8 = ExecutionId("exe_7"), ExecutionId("exe_8")
Pending = Callable[[], list[Delivery]]


@pytest.fixture
def pending(readers: Readers) -> Pending:
    """What is not done, as another process would read it."""
    return lambda: readers.submit(unfinished_deliveries).result(timeout=10)


def listening(key: str = "sch_1", event: str = "go", **changes: Any) -> Schedule:
    """A schedule that waits for an event."""
    config = ScheduleConfig.model_validate({"event": event})
    return a_schedule(key, schedule_config=config, next_fire=None, **changes)


def arrival(name: str = "go", payload: object = 1, at: datetime = NOW, **more: Any) -> Arrival:
    return Arrival(name, more.pop("key", ""), pack(payload), at, **more)


def comes(journal: Journal, *arrivals: Arrival) -> Committed:
    """The events are stored, all in one transaction."""
    found = journal.commit([DeliverEvent(each) for each in arrivals])
    errors = [each for each in found.outcomes if isinstance(each, BaseException)]
    if errors:
        raise errors[0]
    return found


def count(writer: Writer) -> int:
    return int(writer.connection.execute("SELECT count(*) FROM deliveries").fetchone()[0])


def test_an_event_is_stored_with_those_who_wait_for_it(journal: Journal, pending: Pending) -> None:
    statuses = {
        "sch_1": ScheduleStatus.ACTIVE,
        "sch_2": ScheduleStatus.PAUSED,
        "sch_3": ScheduleStatus.ERROR,
        "sch_4": ScheduleStatus.DISABLED,
        "sch_5": ScheduleStatus.FINISHED,
    }
    journal.commit([CreateSchedule(listening(key, status=s), []) for key, s in statuses.items()])
    journal.commit([CreateSchedule(listening("sch_6", "stop"), [])])
    chain = (ScheduleId("sch_9"),)

    found = comes(journal, arrival(key="k", chain=chain, source=ExecutionId("exe_9")))

    (delivery,) = found.deliveries
    assert delivery.listeners == ("sch_1", "sch_2", "sch_3")
    assert (delivery.name, delivery.key, unpack(delivery.payload)) == ("go", "k", 1)
    assert (delivery.at, delivery.chain, delivery.source) == (NOW, chain, "exe_9")
    assert found.outcomes == [Receipt(delivery.id, None)]
    assert pending() == [delivery]


def test_what_a_schedule_waits_for_follows_its_changes(journal: Journal) -> None:
    before, after = listening(), listening(event="stop", version=2)
    journal.commit([CreateSchedule(before, []), ChangeSchedule(after, 1)])

    assert comes(journal, arrival("go")).deliveries == []
    assert len(comes(journal, arrival("stop")).deliveries) == 1


def test_no_two_events_come_at_the_same_instant(journal: Journal) -> None:
    journal.commit([CreateSchedule(listening(), []), CreateSchedule(listening("sch_2", "x"), [])])
    later = NOW + HOUR

    found = comes(journal, arrival(), arrival("x"), arrival(at=later), arrival(), arrival(at=later))

    at = [each.at for each in found.deliveries]
    assert at[:2] == [NOW, NOW + MICROSECOND]
    assert at[3] == NOW + 2 * MICROSECOND  # the clock went back
    assert (at[2], at[4]) == (later, later + MICROSECOND)


def test_an_instant_that_a_schedule_has_decided_about_is_not_taken_again(
    journal: Journal,
) -> None:
    decision = Decision(a_fire(None, decided_at=NOW), None, [])
    fires = RecordFires(ScheduleId("sch_1"), 1, [decision], None, None, ScheduleStatus.ACTIVE)
    journal.commit([CreateSchedule(listening(), []), fires])

    assert [each.at for each in comes(journal, arrival()).deliveries] == [NOW + MICROSECOND]


def test_an_event_that_nobody_waits_for_leaves_nothing(journal: Journal, writer: Writer) -> None:
    found = comes(journal, arrival())

    assert found == Committed([Receipt(None, ())], [], [], [])
    assert count(writer) == 0


def _waiting(journal: Journal, key: str) -> None:
    run = an_execution(key, None)
    waits = StepRun("go", StepStatus.WAITING, awaited=Awaited(None, "go", ""))
    change = StepChange(waits, [Attempt(1, NOW)])
    started = Started(NOW, BootId("b"))
    journal.commit([RecordRun(run, []), AdvanceExecution(run.id, started, [change])])


def test_steps_and_schedules_get_the_same_event(journal: Journal, pending: Pending) -> None:
    journal.commit([CreateSchedule(listening(), [])])
    _waiting(journal, "exe_7")

    found = comes(journal, arrival())

    assert found.woken == [StepKey(EXE_7, "go")]
    assert [event.type for event in found.events] == ["workflow.step.completed"]
    assert pending()[0].resumed == ("exe_7",)


@pytest.mark.parametrize("listens", [True, False])
def test_a_repetition_is_the_same_event(journal: Journal, *, listens: bool) -> None:
    if listens:
        journal.commit([CreateSchedule(listening(), [])])
    _waiting(journal, "exe_7")
    sent = arrival(idempotency_key="k")

    first = comes(journal, sent, sent)
    key = first.outcomes[0].delivery_id
    journal.commit([FinishDelivery(key, [EXE_7, EXE_8], NOW)])
    last = comes(journal, arrival(idempotency_key="k", at=NOW + 23 * HOUR))

    pending = None if listens else (EXE_7,)
    assert first.outcomes == [Receipt(key, pending)] * 2
    assert len(first.deliveries) == int(listens)
    assert len(first.woken) == 1
    assert last == Committed([Receipt(key, (EXE_7, EXE_8))], [], [], [])


@pytest.mark.parametrize("changed", [{"payload": 2}, {"key": "x"}, {"payload": 1.0}])
def test_another_event_under_the_same_key_is_refused(
    journal: Journal, writer: Writer, changed: dict[str, Any]
) -> None:
    comes(journal, arrival(idempotency_key="k"))

    with pytest.raises(IdempotencyConflict, match="'k'"):
        comes(journal, arrival(**changed, idempotency_key="k"))
    comes(journal, arrival("other", **changed, idempotency_key="k"))
    assert count(writer) == 2


def test_what_is_done_is_forgotten_after_a_day(journal: Journal, writer: Writer) -> None:
    journal.commit([CreateSchedule(listening(), [])])
    many = comes(journal, *(arrival(idempotency_key=f"k{number}") for number in range(250)))
    journal.commit([FinishDelivery(each.id, [], NOW) for each in many.deliveries[:-1]])

    left = []
    for _ in range(4):
        (last,) = comes(journal, arrival(at=NOW + 25 * HOUR)).deliveries
        journal.commit([FinishDelivery(last.id, [], NOW + 25 * HOUR)])
        left.append(count(writer))

    assert left == [151, 52, 4, 5]  # one of the old ones is not done, and never forgotten


def test_what_nobody_waits_for_is_forgotten_after_a_day_too(
    journal: Journal, writer: Writer
) -> None:
    comes(journal, *(arrival(idempotency_key=f"k{number}") for number in range(50)))
    comes(journal, arrival(idempotency_key="later", at=NOW + 25 * HOUR))
    assert count(writer) == 1


def test_a_key_is_free_after_a_day(journal: Journal) -> None:
    comes(journal, arrival(idempotency_key="k"))

    again = comes(journal, arrival(payload=2, idempotency_key="k", at=NOW + 25 * HOUR))

    assert again.outcomes[0].answer == ()


def test_what_a_step_sent_is_remembered_until_its_execution_ends(
    journal: Journal, writer: Writer
) -> None:
    journal.commit([CreateSchedule(listening(), [])])
    run = an_execution("exe_7", None)
    sent = arrival(source=run.id, idempotency_key="from a step")
    begun = AdvanceExecution(run.id, Started(NOW, BootId("b")), emitted=[DeliverEvent(sent)])
    (first,) = journal.commit([RecordRun(run, []), begun]).deliveries
    journal.commit([FinishDelivery(first.id, [], NOW)])

    later = NOW + 9 * 24 * HOUR
    again = AdvanceExecution(
        run.id,
        emitted=[DeliverEvent(arrival(source=run.id, idempotency_key="from a step", at=later))],
    )
    assert journal.commit([again, FinishDelivery(first.id, [], NOW)]).deliveries == []
    journal.commit([FinishDelivery(0, [], later)])
    assert count(writer) == 1

    ended = Ended(later, ExecutionStatus.CANCELLED)
    journal.commit([AdvanceExecution(run.id, ended=ended), FinishDelivery(0, [], later)])
    assert count(writer) == 0


def _end(run: Execution, status: ExecutionStatus, **more: Any) -> list[Any]:
    return [
        RecordRun(run, []),
        AdvanceExecution(run.id, Started(NOW, BootId("b"))),
        AdvanceExecution(run.id, ended=Ended(NOW + HOUR, status, **more)),
    ]


def test_the_end_of_an_execution_is_stored_with_its_event(
    journal: Journal, pending: Pending
) -> None:
    run = an_execution("exe_7", "sch_1", due=None, chain=(ScheduleId("sch_9"),))
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            CreateSchedule(listening("sch_2", "workflow.failed:w"), []),
            CreateSchedule(listening("sch_3", "workflow.failed:*"), []),
            CreateSchedule(listening("sch_4", "workflow.succeeded:w"), []),
        ]
    )

    journal.commit(_end(run, ExecutionStatus.TIMED_OUT, error=Failure("E", "x" * 2_000, "trace")))

    (found,) = pending()
    assert found.listeners == ("sch_2", "sch_3")
    assert (found.name, found.at, found.source) == ("workflow.failed:w", NOW + HOUR, run.id)
    assert found.chain == ("sch_9", "sch_1")
    assert unpack(found.payload) == {
        "executionId": run.id,
        "workflowId": "w",
        "scheduleId": "sch_1",
        "status": "timedOut",
        "error": {"type": "E", "message": "x" * 1_000},
        "result": None,
    }


def test_an_end_that_is_refused_leaves_no_event(journal: Journal, pending: Pending) -> None:
    run = an_execution("exe_7", None)
    journal.commit([CreateSchedule(listening("sch_2", "workflow.succeeded:*"), [])])
    changes = _end(run, ExecutionStatus.SUCCEEDED, result=5)

    found = journal.commit([*changes, changes[-1]])

    assert isinstance(found.outcomes[-1], Exception)
    assert len(found.deliveries) == len(pending()) == 1


def test_a_decision_about_an_event_is_made_once(journal: Journal) -> None:
    journal.commit([CreateSchedule(listening(), [])])

    def decided(run: Execution) -> RecordEventFire:
        decision = Decision(a_fire(run), run, [])
        return RecordEventFire(
            RecordFires(ScheduleId("sch_1"), 1, [decision], None, None, ScheduleStatus.ACTIVE)
        )

    first, second = an_execution("exe_1"), an_execution("exe_2")
    found = journal.commit([decided(first), decided(second)])

    assert found.outcomes == [
        EventFire(first.id, [first], fresh=True),
        EventFire(first.id, [], fresh=False),
    ]


def test_the_trace_of_an_event_is_kept_until_schedules_have_decided(
    journal: Journal, pending: Pending
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    journal.commit([CreateSchedule(listening(), [])])

    handed_over = comes(journal, arrival(traceparent=trace)).deliveries

    assert [each.traceparent for each in handed_over] == [trace]
    assert pending() == handed_over


def test_the_same_event_in_another_trace_is_none(journal: Journal, pending: Pending) -> None:
    journal.commit([CreateSchedule(listening(), [])])
    for span in "12":
        trace = f"00-0af7651916cd43dd8448eb211c80319c-{span * 16}-01"
        comes(journal, arrival(idempotency_key="k", traceparent=trace))

    assert len(pending()) == 1
