"""The board of `watch`: what runs is there from its start to its end, however often an event tells of it."""

from datetime import UTC, datetime
from typing import Any

from quarterjack.http.cli.live.event_words import line, words
from quarterjack.http.cli.live.watch_board import WatchBoard
from quarterjack.http.shapes.events import Event

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def event(seq: int, kind: str, execution: str | None = "exe_1", **data: Any) -> Event:
    return Event(
        seq=seq,
        type=kind,
        schedule_id="sch_1",
        workflow_id="report",
        execution_id=execution,
        timestamp=NOON,
        data=data,
    )


def board(*events: Event) -> WatchBoard:
    found = WatchBoard()
    for each in events:
        found.take(each)
    return found


STARTED = event(1, "workflow.started")
FETCH = event(2, "workflow.step.started", step="fetch", attempt=1)
PROGRESS = event(3, "workflow.step.progress", step="fetch", attempt=1, done=1, total=4, note="a")
FETCHED = event(4, "workflow.step.completed", step="fetch", attempt=1, duration=1.0)
ENDED = event(5, "workflow.completed", duration=2.0)


def test_a_step_is_there_with_its_progress_until_it_ends() -> None:
    (during,) = board(STARTED, FETCH, PROGRESS).seen(9).running
    (after,) = board(STARTED, FETCH, PROGRESS, FETCHED).seen(9).running

    step = during.steps["fetch"]
    assert (step.done, step.total, step.note, during.ended) == (1, 4, "a", set())
    assert (after.steps, after.ended) == ({}, {"fetch"})


def test_events_that_come_again_change_nothing() -> None:
    again = (STARTED, FETCH, FETCHED, STARTED, FETCH, FETCHED)
    (found,) = board(*again).seen(9).running

    assert (found.steps, found.ended) == ({}, {"fetch"})


def test_an_execution_is_gone_with_its_end() -> None:
    seen = board(STARTED, FETCH, ENDED).seen(9)

    assert (seen.running, seen.total, seen.seq) == ([], 0, 5)
    assert [each.seq for each in seen.events] == [1, 2, 5]


def test_items_are_under_way_and_are_no_steps() -> None:
    item = event(3, "workflow.step.started", step="load[1]", attempt=1)
    other = event(4, "workflow.step.completed", step="load[0]", attempt=1, duration=1.0)
    (found,) = board(STARTED, item, other).seen(9).running

    assert (list(found.steps), found.ended) == (["load[1]"], set())


def test_only_so_much_is_seen_as_finds_room() -> None:
    many = [event(seq, "workflow.started", f"exe_{seq}") for seq in range(1, 10)]
    seen = board(*many).seen(3)

    assert [each.id for each in seen.running] == ["exe_1", "exe_2", "exe_3"]
    assert [each.seq for each in seen.events] == [7, 8, 9]
    assert seen.total == 9


def test_trouble_is_over_with_the_next_event() -> None:
    found = board(STARTED)
    found.trouble("there is no server")
    during = found.seen(1).trouble
    found.take(FETCH)

    assert (during, found.seen(1).trouble) == ("there is no server", "")


def test_an_event_is_told_in_words() -> None:
    error = {"type": "LookupError", "message": "nothing\x1b[31m there\nmore"}
    failed = event(9, "workflow.step.retrying", step="fetch", attempt=2, delay=1.5, error=error)
    assert words(failed) == "fetch attempt 2 again in 1.5 s LookupError: nothing\\x1b[31m there"
    assert words(PROGRESS) == "fetch 1 of 4 a"
    told = line(ENDED, "Nightly").split("  ")
    assert told[1:] == ["5", "workflow.completed", "Nightly", "exe_1", "in 2.0 s"]
    assert line(event(6, "schedule.paused", None, note="why"), "Nightly").endswith("Nightly  why")
