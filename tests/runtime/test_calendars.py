"""Calendars on a virtual clock: many schedules share them, and a change counts from then on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from events_of import types
from icalendar_texts import a_day, a_text_of
from ledger import fires
from waiting import eventually

from quarterjack.actors.engine import Reply, VirtualClock
from quarterjack.actors.fire_decisions import Fires, decide_fires
from quarterjack.actors.policies.calendar_days import entries_of
from quarterjack.runtime import (
    Calendar,
    CalendarInUse,
    InvalidInput,
    NotFound,
    Runtime,
    ScheduleStatus,
    Settings,
    Workflow,
)
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import FireReason, VersionConflict

START = datetime(2026, 1, 1, tzinfo=UTC)
NOON = {"cron": "0 12 * * *", "exclude": ["calendar:bank"]}
HOLIDAYS = a_text_of(
    a_day("20200101", "RRULE:FREQ=YEARLY", uid="1", name="New Year"),
    a_day("20200501", "RRULE:FREQ=YEARLY", uid="2", name="Labour Day"),
    a_day("20201225", "DTEND;VALUE=DATE:20201227", "RRULE:FREQ=YEARLY", uid="3", name="Christmas"),
    a_day("20200525", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", uid="4", name="Spring"),
    head="X-WR-CALNAME:Holidays\r\n",
)
IN_2026 = [date(2026, month, day) for month, day in [(5, 1), (5, 25), (12, 25), (12, 26)]]


def make(runtime: VirtualRuntime, config: dict[str, Any], **more: Any) -> str:
    draft = {"workflowId": "report", "name": "n", "scheduleConfig": config, **more}
    return runtime.create_scheduled_workflow(draft).get()


def excluded(runtime: VirtualRuntime, key: str) -> list[date]:
    """The days on which an instant was left out for that reason."""
    return [fire.due.date() for fire in fires(runtime, key) if fire.reason is FireReason.EXCLUDED]


def following(runtime: VirtualRuntime, key: str) -> datetime | None:
    """`nextExecution`."""
    return runtime.get_schedule_workflow_status(key).get().next_execution


def test_a_year_with_holidays_fires_on_all_other_days(runtime: VirtualRuntime) -> None:
    calendar = runtime.put_calendar("bank", icalendar=HOLIDAYS).get()
    key = make(runtime, NOON)
    planned = runtime.upcoming(key, 361).get()

    runtime.advance("365 days")

    rows = fires(runtime, key)
    assert calendar.description == "Holidays"
    assert len(rows) == 365
    assert excluded(runtime, key) == [START.date(), *IN_2026]
    assert [fire.due for fire in rows if fire.execution_id][:360] == planned[:360]
    assert {fire.outcome.value for fire in rows} == {"started", "skipped"}


def test_schedules_share_a_calendar_each_by_its_own_days(runtime: VirtualRuntime) -> None:
    runtime.put_calendar("bank", dates=["2026-01-03"]).get()
    hourly = {"interval": "6h", "anchor": "2026-01-01T00:00:00Z", "exclude": ["calendar:bank"]}
    here = make(runtime, hourly)
    tokyo = make(runtime, {**hourly, "timezone": "Asia/Tokyo"})
    other = make(runtime, {"interval": "6h", "anchor": "2026-01-01T00:00:00Z"})

    runtime.advance("5 days")

    def left_out(key: str) -> list[datetime]:
        return [each.due for each in fires(runtime, key) if each.reason is FireReason.EXCLUDED]

    third = datetime(2026, 1, 3, tzinfo=UTC)
    assert left_out(here) == [third + timedelta(hours=each) for each in (0, 6, 12, 18)]
    assert left_out(tokyo) == [third + timedelta(hours=each) for each in (-6, 0, 6, 12)]
    assert left_out(other) == []


@pytest.fixture(params=["awake", "asleep"])
def resting(request: pytest.FixtureRequest, report: Workflow) -> Iterator[VirtualRuntime]:
    """A runtime whose schedules stay awake between their instants, or don't."""
    idle = "10 days" if request.param == "awake" else "1s"
    with VirtualRuntime(workflows=[report], settings=Settings.of(idle=idle), seed=3) as started:
        yield started


def test_a_change_counts_for_the_very_next_instant(resting: VirtualRuntime) -> None:
    resting.put_calendar("bank", dates=[]).get()
    keys = [make(resting, NOON), make(resting, NOON)]
    resting.advance("1 day")
    resting.advance(timedelta(hours=11, minutes=59, seconds=59, microseconds=999_999))

    resting.put_calendar("bank", dates=["2026-01-02/2026-01-03"]).get()
    resting.advance("1 day")
    resting.put_calendar("bank", dates=["2026-01-02"]).get()
    resting.advance("1 day")

    for key in keys:
        rows = fires(resting, key)
        assert [fire.outcome.value for fire in rows] == ["started", "skipped", "started"]
        assert excluded(resting, key) == [date(2026, 1, 2)]
        assert all(fire.lateness < timedelta(seconds=1) for fire in rows)


@pytest.mark.parametrize("seed", range(6))
def test_a_change_that_comes_while_it_is_being_decided_counts(
    report: Workflow, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    asked: list[Reply[Calendar]] = []

    def meanwhile(*arguments: Any) -> Fires:
        decided = decide_fires(*arguments)
        if not asked:
            asked.append(runtime.put_calendar("bank", dates=["2026-01-01"]))
        return decided

    monkeypatch.setattr("quarterjack.actors.schedule.decide_fires", meanwhile)
    with VirtualRuntime(workflows=[report], seed=seed) as runtime:
        runtime.put_calendar("bank", dates=[]).get()
        key = make(runtime, NOON)

        runtime.advance("2 days")

        assert asked[0].get().version == 2
        outcomes = [fire.outcome.value for fire in fires(runtime, key)]
        assert outcomes == ["skipped", "started"]
        assert excluded(runtime, key) == [START.date()]
        assert types(runtime, of=key).count("schedule.triggered") == 1


def test_a_schedule_takes_up_and_gives_up_calendars(runtime: VirtualRuntime) -> None:
    runtime.put_calendar("bank", dates=["2026-01-02"]).get()
    runtime.put_calendar("school", dates=["2026-01-03"]).get()
    key = make(runtime, {"cron": "0 12 * * *"})

    def exclude(*entries: str) -> None:
        config = {"scheduleConfig": {"exclude": list(entries)}}
        runtime.update_scheduled_workflow(key, config).get()

    exclude("calendar:bank")
    runtime.advance("2 days")
    exclude("calendar:school")
    runtime.advance("1 day")
    exclude()
    runtime.advance("1 day")

    assert excluded(runtime, key) == [date(2026, 1, 2), date(2026, 1, 3)]
    assert len(fires(runtime, key)) == 4
    runtime.delete_calendar("bank").get()
    runtime.delete_calendar("school").get()


@pytest.mark.parametrize("turn", ["pause and resume", "sync", "disable and enable"])
def test_a_schedule_keeps_to_its_calendar_after(runtime: VirtualRuntime, turn: str) -> None:
    runtime.put_calendar("bank", dates=["2026-01-02"]).get()
    key = make(runtime, NOON)
    runtime.advance("1 day")

    match turn:
        case "pause and resume":
            runtime.pause_schedule(key).get()
            runtime.resume_schedule(key).get()
        case "sync":
            runtime.sync_schedule_workflow_state(key).get()
        case _:
            runtime.update_scheduled_workflow(key, {"enabled": False}).get()
            runtime.update_scheduled_workflow(key, {"enabled": True}).get()
    runtime.advance("2 days")

    assert excluded(runtime, key) == [date(2026, 1, 2)]
    assert len(fires(runtime, key)) == 3


def test_what_was_missed_on_an_excluded_day_is_not_caught_up(
    tmp_path: Path, report: Workflow
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[report]) as first:
        first.put_calendar("bank", dates=["2026-01-02"]).get()
        config = {**NOON, "catchUp": "all", "catchUpWindow": "7d", "overlap": "allow"}
        key = make(first, config)
        clock = first.clock
    clock.jump(timedelta(days=3))

    with VirtualRuntime(database, workflows=[report], clock=clock) as second:
        second.settle()

        outcomes = [fire.outcome.value for fire in fires(second, key)]
        assert outcomes == ["caughtUp", "skipped", "caughtUp"]
        assert excluded(second, key) == [date(2026, 1, 2)]


def test_the_next_execution_is_one_that_fires(runtime: VirtualRuntime) -> None:
    runtime.put_calendar("bank", dates=["2026-01-01/2026-01-03"]).get()
    key = make(runtime, NOON)
    assert following(runtime, key) == datetime(2026, 1, 4, 12, tzinfo=UTC)
    assert runtime.get_schedule(key).get().next_fire == START + timedelta(hours=12)

    runtime.put_calendar("bank", dates=["2026-01-02"]).get()
    assert following(runtime, key) == START + timedelta(hours=12)
    runtime.advance("1 day")
    assert following(runtime, key) == datetime(2026, 1, 3, 12, tzinfo=UTC)
    assert runtime.upcoming(key, 1).get() == [following(runtime, key)]


def test_the_next_execution_is_when_it_fires_with_its_jitter(runtime: VirtualRuntime) -> None:
    runtime.put_calendar("bank", dates=["2026-01-01"]).get()
    key = make(runtime, {**NOON, "jitter": "30m"})

    planned = following(runtime, key)
    runtime.advance("2 days")

    fired = fires(runtime, key)[-1]
    assert planned == fired.due + fired.jitter == fired.decided_at
    assert timedelta(0) < fired.jitter < timedelta(minutes=30)


@pytest.mark.parametrize(
    ("config", "turned"),
    [
        (NOON, "paused"),
        (NOON, "disabled"),
        ({"at": "2026-01-01T06:00:00Z"}, "finished"),
        ({"manual": True}, "manual"),
        ({**NOON, "exclude": ["0001-01-01/9999-12-31"]}, "excluded for ever"),
    ],
    ids=["paused", "disabled", "finished", "manual", "excluded for ever"],
)
def test_there_is_no_next_execution_while(
    runtime: VirtualRuntime, config: dict[str, Any], turned: str
) -> None:
    runtime.put_calendar("bank", dates=[]).get()
    key = make(runtime, config, enabled=turned != "disabled")
    if turned == "paused":
        runtime.pause_schedule(key).get()
    runtime.advance("7h")

    assert following(runtime, key) is None
    assert runtime.upcoming(key).get() == []


def test_a_calendar_in_use_stays(runtime: VirtualRuntime) -> None:
    runtime.put_calendar("bank", dates=["2026-01-02"]).get()
    key = make(runtime, NOON)

    with pytest.raises(CalendarInUse, match=key):
        runtime.delete_calendar("bank").get()
    assert runtime.get_calendar("bank").get().version == 1

    runtime.delete_scheduled_workflow(key).get()
    runtime.delete_calendar("bank").get()
    with pytest.raises(NotFound):
        runtime.get_calendar("bank").get()


def test_a_schedule_names_only_calendars_that_exist(runtime: VirtualRuntime) -> None:
    with pytest.raises(InvalidInput) as refused:
        make(runtime, NOON)
    assert [error.loc for error in refused.value.errors] == [("scheduleConfig", "exclude", 0)]
    assert runtime.list_schedules().get().items == []

    key = make(runtime, {"cron": "0 12 * * *"})
    with pytest.raises(InvalidInput, match="there is no calendar 'bank'"):
        runtime.update_scheduled_workflow(key, {"scheduleConfig": NOON}).get()
    runtime.advance("1 day")
    assert runtime.get_schedule(key).get().status is ScheduleStatus.ACTIVE
    assert len(fires(runtime, key)) == 1


@pytest.mark.parametrize(
    ("name", "content", "loc"),
    [
        ("bank holidays", {"dates": []}, ("name",)),
        ("", {"dates": []}, ("name",)),
        ("bank", {}, ("dates",)),
        ("bank", {"dates": [], "icalendar": HOLIDAYS}, ("dates",)),
        ("bank", {"dates": ["xmas"]}, ("dates", 0)),
        ("bank", {"icalendar": "hello"}, ("icalendar",)),
        ("bank", {"icalendar": "\udc80"}, ("icalendar",)),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(
    runtime: VirtualRuntime, name: str, content: dict[str, Any], loc: tuple[str | int, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        runtime.put_calendar(name, **content).get()
    assert [error.loc for error in refused.value.errors] == [loc]
    assert runtime.list_calendars().get().items == []


def test_a_change_of_another_version_is_refused(runtime: VirtualRuntime) -> None:
    runtime.put_calendar("bank", dates=[]).get()

    with pytest.raises(VersionConflict):
        runtime.put_calendar("bank", dates=["2026-01-01"], version=7).get()
    assert runtime.put_calendar("bank", dates=["2026-01-01"], version=1).get().version == 2


def _after(years: int, tmp_path: Path, report: Workflow) -> VirtualRuntime:
    """A runtime that is started so many years after the holidays were put."""
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[report]) as first:
        first.put_calendar("bank", icalendar=HOLIDAYS, description="Ours").get()
        first.put_calendar("feasts", icalendar=HOLIDAYS.decode()).get()
        first.put_calendar("own", dates="2026-01-01").get()
        clock = first.clock
    clock.jump(timedelta(days=366 * years))
    return VirtualRuntime(database, workflows=[report], clock=clock)


def test_a_later_start_reads_on_what_repeats_for_ever(tmp_path: Path, report: Workflow) -> None:
    with _after(8, tmp_path, report) as later:
        found = later.get_calendar("bank").get()
        others = [later.get_calendar(name).get() for name in ("feasts", "own")]
        key = make(later, NOON)
        instants = later.upcoming(key, 1_000).get()

    assert (found.since, found.through) == (date(2032, 1, 1), date(2044, 12, 31))
    assert entries_of(found.days)[-1] == "2044-12-25/2044-12-26"
    assert (found.version, found.description) == (2, "Ours")
    assert [each.version for each in others] == [2, 1]
    assert others[0].description == "Holidays"
    christmas = [each for each in instants if (each.month, each.day) == (12, 25)]
    assert len(instants) == 1_000
    assert christmas == []


def test_a_real_start_reads_on_beside_its_other_work(tmp_path: Path, report: Workflow) -> None:
    database, long_ago = (
        f"sqlite:///{tmp_path / 'q.db'}",
        VirtualClock(datetime(2015, 1, 1, tzinfo=UTC)),
    )
    with VirtualRuntime(database, workflows=[report], clock=long_ago) as first:
        first.put_calendar("bank", icalendar=HOLIDAYS).get()
        before = first.put_calendar("feasts", icalendar=HOLIDAYS).get()

    with Runtime(database, workflows=[report]) as later:
        names = ("bank", "feasts")
        eventually(lambda: all(later.get_calendar(name).get().version == 2 for name in names))
        found = later.get_calendar("bank").get()

    assert before.through == date(2025, 12, 31)
    assert found.through is not None
    assert found.through.year >= 2036


def test_a_start_in_the_same_year_leaves_calendars_alone(tmp_path: Path, report: Workflow) -> None:
    with _after(0, tmp_path, report) as later:
        assert later.get_calendar("bank").get().version == 1


def test_a_text_that_can_not_be_read_any_more_keeps_its_days(
    tmp_path: Path,
    report: Workflow,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    later = _after(8, tmp_path, report)
    monkeypatch.setattr("quarterjack.runtime.calendar_reading.LARGEST", 10)

    with later:
        found = later.get_calendar("bank").get()

    assert (found.version, found.through) == (1, date(2036, 12, 31))
    assert "bank could not be read for further years" in caplog.text
