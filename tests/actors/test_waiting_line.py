"""Who is next: by turn and by age, past those that limits hold back."""

import sys
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample import NOW, an_execution

from quarterjack.actors.places import Places
from quarterjack.actors.policies.rate import Rate
from quarterjack.actors.start_rates import SERVER, Start, StartRates, past_starts
from quarterjack.actors.waiting_line import Waiting, WaitingLine
from quarterjack.actors.workflow import Workflow
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import BackfillId, Execution, ExecutionStatus, RunOptions, WorkflowId


def _workflow(name: str, limit: int | None) -> Workflow:
    made = Workflow(name, max_concurrency=limit)

    @made.step
    def work() -> None: ...

    return made


class Room:
    """A line with its limits; `w` has none, `narrow` takes two at once."""

    def __init__(self, concurrency: int = 1_000, rates: StartRates | None = None) -> None:
        book = WorkflowBook([_workflow("w", None), _workflow("narrow", 2)])
        self.places = Places(concurrency, book)
        self.line = WaitingLine(self.places, rates or StartRates(None, {}))
        self.count = 0

    def add(
        self,
        name: str = "",
        *,
        workflow: str = "w",
        schedule: str | None = None,
        limit: int | None = None,
        **changes: Any,
    ) -> Execution:
        self.count += 1
        made = an_execution(
            name or f"exe_{self.count}",
            schedule,
            workflow_id=WorkflowId(workflow),
            options=RunOptions(max_concurrency=limit),
            **{"queued_at": NOW + timedelta(seconds=self.count), **changes},
        )
        self.line.add(Waiting.found(made, NOW + timedelta(seconds=self.count)))
        return made

    def start(self) -> Execution | None:
        waiting = self.line.next() if self.places.left() else None
        if waiting is None:
            return None
        self.places.take(waiting.execution)
        return waiting.execution

    def end(self, execution: Execution) -> None:
        self.places.rest(execution)
        self.places.release(execution)
        self.line.place_given_back(execution)

    def start_all(self) -> list[str]:
        found: list[str] = []
        while (execution := self.start()) is not None:
            found.append(execution.id)
        return found


def test_priority_goes_before_due_time_and_due_time_before_arrival() -> None:
    room = Room()
    later = NOW + timedelta(minutes=1)
    room.add("late", priority=5, scheduled_time=later)
    room.add("early", priority=5, scheduled_time=NOW)
    room.add("behind", priority=5, scheduled_time=NOW)
    room.add("low", priority=9, scheduled_time=NOW)
    room.add("high", priority=0, scheduled_time=later)

    assert room.start_all() == ["high", "early", "behind", "late", "low"]


def test_what_had_begun_goes_on_first_then_what_was_woken() -> None:
    room = Room()
    room.add("new", priority=0)
    room.add("woken", priority=9, status=ExecutionStatus.WAITING)
    room.add("begun", priority=9, status=ExecutionStatus.RUNNING)
    room.add("begun, too", priority=3, status=ExecutionStatus.RUNNING)

    assert room.start_all() == ["begun, too", "begun", "woken", "new"]


def test_a_flood_of_the_highest_priority_leaves_one_start_in_ten_to_the_oldest() -> None:
    room = Room()
    for number in range(3):
        room.add(f"old {number}", priority=9)
    for number in range(100):
        room.add(f"flood {number}", priority=0)

    order = room.start_all()

    assert [order.index(f"old {number}") for number in range(3)] == [9, 19, 29]


def test_those_that_are_woken_again_and_again_leave_a_share_to_the_others() -> None:
    room = Room()
    room.add("new")
    for number in range(50):
        room.add(f"woken {number}", status=ExecutionStatus.WAITING, priority=0)

    assert room.start_all().index("new") == 9


def test_what_a_schedule_s_limit_holds_back_lets_others_pass() -> None:
    room = Room()
    for number in range(3):
        room.add(f"lane {number}", schedule="sch_1", limit=1, priority=0)
    room.add("other", schedule="sch_2", limit=1)
    room.add("none", schedule=None)
    room.add("free", schedule="sch_1", limit=None)

    assert room.start_all() == ["lane 0", "other", "none", "free"]


def test_all_limits_hold_at_once() -> None:
    room = Room(concurrency=3)
    lane = [room.add(f"lane {n}", workflow="narrow", schedule="s", limit=1) for n in range(2)]
    room.add("narrow", workflow="narrow", schedule="t", limit=1)
    room.add("narrow, too", workflow="narrow", schedule="u", limit=5)
    wide = [room.add(f"wide {n}") for n in range(2)]

    first = room.start_all()
    room.end(wide[0])
    second = room.start_all()
    room.end(lane[0])
    third = room.start_all()

    assert first == ["lane 0", "narrow", "wide 0"]
    assert second == ["wide 1"], "the workflow has no place"
    assert third == ["lane 1"]


def test_each_is_held_by_the_limit_that_it_was_made_with() -> None:
    room = Room()
    room.add("strict", schedule="s", limit=1)
    room.add("strict, too", schedule="s", limit=1)
    room.add("mild", schedule="s", limit=2)

    assert room.start_all() == ["strict", "mild"]


def test_a_schedule_s_limit_counts_over_all_its_workflows() -> None:
    room = Room()
    one = room.add("one", schedule="s", limit=1)
    room.add("two", schedule="s", limit=1, workflow="narrow")

    assert room.start_all() == ["one"]
    room.end(one)
    assert room.start_all() == ["two"]


def test_places_taken_beyond_a_limit_count() -> None:
    room = Room()
    beyond = [room.add(f"{n}", workflow="narrow") for n in range(3)]
    for execution in beyond:
        room.line.remove(execution.id)
        room.places.take(execution)
    room.add("next", workflow="narrow")

    room.end(beyond[0])
    assert room.start_all() == []
    room.end(beyond[1])
    assert room.start_all() == ["next"]


def test_a_backfill_has_places_of_its_own_beside_its_schedule() -> None:
    room = Room()
    backfill = BackfillId("bkf_1")
    first = room.add("b1", schedule="s", limit=1, backfill_id=backfill)
    room.add("b2", schedule="s", limit=1, backfill_id=backfill)
    room.add("s1", schedule="s", limit=1)
    room.add("s2", schedule="s", limit=1)

    assert room.start_all() == ["b1", "s1"]
    room.end(first)
    assert room.start_all() == ["b2"]


def test_a_closed_lane_lets_nothing_more_begin_until_it_is_opened() -> None:
    room = Room()
    lane = BackfillId("bkf_1")
    room.add("one", schedule="s", limit=5, backfill_id=lane)
    room.add("begun", schedule="s", limit=5, backfill_id=lane, status=ExecutionStatus.RUNNING)
    room.add("other", schedule="s", limit=5)
    room.places.close(lane)

    assert room.start_all() == ["begun", "other"]
    room.places.open(lane)
    room.line.lane_opened(lane)
    assert room.start_all() == ["one"]


def test_one_that_is_taken_out_is_gone_and_the_lanes_with_it() -> None:
    room = Room()
    execution = room.add("one", schedule="s", limit=1)
    room.add("two", schedule="s", limit=1)

    assert room.line.remove(execution.id) is not None
    assert room.line.remove(execution.id) is None
    assert (len(room.line), execution.id in room.line) == (1, False)
    assert room.start_all() == ["two"]
    assert (room.line._lanes, room.line._workflows, room.line._of_lane) == ({}, {}, {})


def test_a_closed_rate_lets_pass_what_has_started_before() -> None:
    rates = StartRates(None, {WorkflowId("w"): Rate.parse("1/s")})
    room = Room(rates=rates)
    rates.record(Start(0, WorkflowId("w")))
    room.add("new")
    room.add("woken", status=ExecutionStatus.WAITING)
    room.add("other", workflow="narrow")

    assert room.start_all() == ["woken", "other"]
    assert rates.next_opening() == 1_000_000
    assert rates.open_due(999_999) == []
    for key in rates.open_due(1_000_000):
        room.line.rate_opened(key)
    assert room.start_all() == ["new"]


def test_the_server_s_rate_holds_back_every_workflow() -> None:
    rates = StartRates(Rate.parse("2/s"), {})
    room = Room(rates=rates)
    for at in (0, 400_000):
        rates.record(Start(at, WorkflowId("w")))
    room.add("new")
    room.add("other", workflow="narrow")

    assert room.start_all() == []
    assert rates.open_due(1_000_000) == [SERVER]
    room.line.rate_opened(SERVER)
    assert room.start_all() == ["new", "other"]


def test_starts_of_before_count_and_old_ones_do_not() -> None:
    key = WorkflowId("w")
    rates = StartRates(Rate.parse("3/min"), {key: Rate.parse("1/10s")})
    stored = [(NOW - timedelta(seconds=seconds), key) for seconds in (59, 70, 5, -30)]

    rates.restore(past_starts(stored, NOW, 100_000_000), 100_000_000)

    assert not rates.is_open(key)
    assert not rates.is_open(SERVER)
    assert rates.open_due(101_000_000) == [SERVER], "the one of 59 s before"
    assert rates.open_due(109_999_999) == []
    assert rates.open_due(110_000_000) == [key], "one from the future counts as of now"
    assert rates.longest == timedelta(minutes=1)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["w", "narrow"]),
            st.sampled_from([None, "s", "t"]),
            st.sampled_from([None, 1, 2]),
            st.integers(0, 9),
            st.sampled_from([*list(ExecutionStatus)[:3]]),
        ),
        st.just("start"),
        st.integers(0, 5),
    ),
    max_size=80,
)


def _may_start(room: Room, execution: Execution) -> bool:
    options, schedule = execution.options, execution.schedule_id
    limit = options.max_concurrency
    if execution.status is not ExecutionStatus.QUEUED:  # it has its schedule's place
        schedule = None
    return room.places.left_for_workflow(execution.workflow_id) and (
        schedule is None or limit is None or room.places.left_for_lane(schedule, limit)
    )


@given(ACTIONS)
@settings(max_examples=200, deadline=None, database=None)
def test_nobody_who_may_start_is_forgotten(actions: list[Any]) -> None:
    room, running, waiting = Room(), list[Execution](), dict[str, Execution]()
    for action in actions:
        if isinstance(action, tuple):
            workflow, schedule, limit, priority, status = action
            made = room.add(
                workflow=workflow, schedule=schedule, limit=limit, priority=priority, status=status
            )
            waiting[made.id] = made
        elif action == "start":
            ready = [each for each in waiting.values() if _may_start(room, each)]
            started = room.start()
            assert (started is None) == (not ready)
            if started is not None:
                assert started in ready
                running.append(waiting.pop(started.id))
        elif action < len(running):
            room.end(running.pop(action))
        assert len(room.line) == len(waiting)


def _calls_of_a_start(waiting: int) -> int:
    """How many functions are called to start one, with so many that wait, most of them held back."""
    room = Room()
    for number in range(waiting):
        name, held = f"sch_{number // 2}", number % 3 == 0
        room.add(
            workflow="narrow" if held else "w", schedule=name, limit=1, priority=number * 31 % 10
        )
    for _ in range(20):
        room.start()
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        for _ in range(20):
            started = room.start()
            assert started is not None
            room.end(started)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.timeout(30)
def test_a_start_costs_as_much_with_twenty_thousand_waiting_as_with_two_hundred() -> None:
    assert _calls_of_a_start(20_000) < 2 * _calls_of_a_start(200)


@pytest.mark.slow
def test_a_hundred_thousand_that_wait_are_started_in_seconds() -> None:
    room = Room()
    for number in range(100_000):
        room.add(schedule=f"sch_{number}", limit=1, priority=number % 10)

    assert len(set(_drain(room))) == 100_000


def _drain(room: Room) -> list[str]:
    found: list[str] = []
    while (started := room.start()) is not None:
        found.append(started.id)
        room.end(started)
    return found
