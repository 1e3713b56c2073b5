"""Calendars: a version for each change, and none that schedules name is ever missing."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample import NOW, a_calendar, a_fire, a_schedule, an_execution

from quarterjack.storage import (
    Calendar,
    CalendarInUse,
    CalendarSource,
    InvalidInput,
    NotFound,
    Schedule,
    ScheduleConfig,
    ScheduleId,
    ScheduleStatus,
    VersionConflict,
)
from quarterjack.storage import calendar_queries as cq
from quarterjack.storage import queries as q
from quarterjack.storage.calendar_changes import DeleteCalendar, PutCalendar
from quarterjack.storage.calendar_days import merged, pack_days, unpack_days
from quarterjack.storage.calendar_names import calendars_in
from quarterjack.storage.database import Readers
from quarterjack.storage.journal import Journal
from quarterjack.storage.schedule_changes import (
    ChangeSchedule,
    CreateSchedule,
    Decision,
    DeleteSchedule,
    RecordFires,
)

KEY = ScheduleId("sch_1")
LATER = NOW + timedelta(hours=1)
Read = Callable[..., Any]


@pytest.fixture
def read(readers: Readers) -> Read:
    """Runs a query on a reader's connection."""

    def run(query: Callable[..., Any], *arguments: Any) -> Any:
        return readers.submit(query, *arguments).result(timeout=10)

    return run


def using(*entries: str, key: str = "sch_1", **changes: Any) -> Schedule:
    """A schedule with these entries in its `exclude`."""
    config = ScheduleConfig.model_validate({"cron": "* * * * *", "exclude": list(entries)})
    return a_schedule(key, schedule_config=config, **changes)


def outcome(journal: Journal, change: Any) -> Any:
    """What came of one change."""
    return journal.commit([change]).outcomes[0]


def test_a_calendar_is_read_as_it_was_put(journal: Journal, read: Read) -> None:
    days = ((date(1, 1, 1), date(1, 1, 1)), (date(2026, 2, 1), date(9999, 12, 31)))
    put = a_calendar(
        description="Ferien",
        source=CalendarSource.ICALENDAR,
        days=days,
        since=date(2024, 1, 1),
        through=date(2036, 12, 31),
    )

    stored = outcome(journal, PutCalendar(put, "BEGIN:VCALENDAR"))

    assert stored.version == 1
    assert read(cq.calendar, "bank") == stored
    assert stored.days == days
    assert read(cq.with_text, "bank") == (stored, "BEGIN:VCALENDAR")


def test_a_calendar_that_is_put_again_is_another_version(journal: Journal, read: Read) -> None:
    outcome(journal, PutCalendar(a_calendar(), "BEGIN:VCALENDAR"))

    outcome(journal, PutCalendar(a_calendar(days=(), created_at=LATER, updated_at=LATER)))

    found = read(cq.calendar, "bank")
    assert (found.version, found.days) == (2, ())
    assert (found.created_at, found.updated_at) == (NOW, LATER)
    assert read(cq.with_text, "bank").icalendar is None


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (PutCalendar(a_calendar(), expected=2), VersionConflict),
        (DeleteCalendar("bank", 2), VersionConflict),
        (PutCalendar(a_calendar("other"), expected=1), NotFound),
        (DeleteCalendar("other"), NotFound),
        (DeleteCalendar("other", 1), NotFound),
    ],
    ids=["put", "delete", "put what is gone", "delete what is gone", "delete that version"],
)
def test_a_change_of_another_version_is_refused(
    journal: Journal, read: Read, change: Any, refusal: type[Exception]
) -> None:
    outcome(journal, PutCalendar(a_calendar()))

    assert type(outcome(journal, change)) is refusal
    assert [each.version for each in read(cq.calendars, q.PageRequest()).items] == [1]


@pytest.mark.parametrize("old", [None, a_schedule()], ids=["made", "changed"])
def test_a_schedule_that_names_no_calendar_that_exists_is_refused(
    journal: Journal, read: Read, old: Schedule | None
) -> None:
    outcome(journal, PutCalendar(a_calendar()))
    entries = ("2026-01-01", "calendar:bank", "calendar:gone", "calendar:lost", "calendar:gone")
    if old is None:
        change: Any = CreateSchedule(using(*entries), [])
    else:
        outcome(journal, CreateSchedule(old, []))
        change = ChangeSchedule(using(*entries, version=2), 1)

    refused = outcome(journal, change)

    assert isinstance(refused, InvalidInput)
    assert [error.loc for error in refused.errors] == [
        ("scheduleConfig", "exclude", index) for index in (2, 3, 4)
    ]
    assert "no calendar 'gone'" in refused.errors[0].msg
    found = read(q.schedule_with_open, KEY).schedule
    assert found == (None if old is None else read(q.schedule, KEY))
    assert found is None or found.version == 1


def test_a_calendar_in_use_is_not_deleted(journal: Journal, read: Read) -> None:
    journal.commit([PutCalendar(a_calendar()), PutCalendar(a_calendar("bank-2"))])
    users = [using("calendar:bank", key=f"sch_{number:02}") for number in range(12)]
    bystanders = [
        using("calendar:bank-2", key="sch_a"),
        a_schedule("sch_b", name="calendar:bank", metadata={"x": "calendar:bank"}),
    ]
    journal.commit([CreateSchedule(each, []) for each in users + bystanders])

    refused = outcome(journal, DeleteCalendar("bank"))

    assert isinstance(refused, CalendarInUse)
    assert refused.schedules == [each.id for each in users]
    assert "sch_09 and 2 more" in str(refused)
    journal.commit([DeleteSchedule(each.id, []) for each in users])
    assert outcome(journal, DeleteCalendar("bank")) is None
    assert type(outcome(journal, DeleteCalendar("bank-2"))) is CalendarInUse


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize("first", ["use", "delete"])
def test_whoever_comes_first_wins(journal: Journal, read: Read, first: str, together: bool) -> None:
    outcome(journal, PutCalendar(a_calendar()))
    changes: list[Any] = [CreateSchedule(using("calendar:bank"), []), DeleteCalendar("bank")]
    ordered = changes if first == "use" else changes[::-1]
    batches = [ordered] if together else [[each] for each in ordered]

    won, lost = [each for batch in batches for each in journal.commit(batch).outcomes]

    assert not isinstance(won, Exception)
    assert type(lost) is (CalendarInUse if first == "use" else InvalidInput)
    stored = read(q.schedule_with_open, KEY)
    assert (stored.schedule is not None) == (first == "use")
    assert list(stored.calendars) == (["bank"] if first == "use" else [])


def test_what_is_decided_with_other_days_than_the_stored_ones_is_refused(
    journal: Journal, read: Read
) -> None:
    journal.commit([PutCalendar(a_calendar()), CreateSchedule(using("calendar:bank"), [])])
    run = an_execution()

    def decided(version: int) -> RecordFires:
        decision = Decision(a_fire(run), run, [])
        active = ScheduleStatus.ACTIVE
        return RecordFires(KEY, 1, [decision], LATER, LATER, active, {"bank": version})

    outcome(journal, PutCalendar(a_calendar(days=())))

    assert isinstance(outcome(journal, decided(1)), VersionConflict)
    assert isinstance(outcome(journal, decided(0)), VersionConflict)
    assert read(q.fires, KEY, q.FireFilter(), q.PageRequest()).items == []
    assert outcome(journal, decided(2)) == [run]


def test_calendars_come_in_pages_by_name(journal: Journal, read: Read) -> None:
    names = ["Z", "a", "b.2", "b-2", "c_1"]
    journal.commit([PutCalendar(a_calendar(name)) for name in names])

    seen: list[str] = []
    after = None
    while True:
        page = read(cq.calendars, q.PageRequest(2, after))
        seen += [each.name for each in page.items]
        after = page.next
        if after is None:
            break

    assert seen == sorted(names)


def test_the_texts_that_end_soon_are_found(journal: Journal, read: Read) -> None:
    def read_to(year: int, name: str) -> PutCalendar:
        return PutCalendar(a_calendar(name, through=date(year, 12, 31)), "BEGIN:VCALENDAR")

    journal.commit([read_to(2030, "soon"), read_to(2036, "late"), PutCalendar(a_calendar())])

    assert read(cq.ending_before, date(2036, 1, 1)) == ["soon"]


def test_schedules_with_the_same_calendar_share_its_days(journal: Journal, read: Read) -> None:
    keys = ("sch_1", "sch_2")
    outcome(journal, PutCalendar(a_calendar()))
    journal.commit([CreateSchedule(using("calendar:bank", key=key), []) for key in keys])

    found: list[Calendar] = [read(q.schedule_with_open, key).calendars["bank"] for key in keys]

    assert found[0].days is found[1].days


RANGES = st.lists(
    st.tuples(st.dates(), st.integers(0, 40)).map(
        lambda each: (each[0], min(each[0].toordinal() + each[1], date.max.toordinal()))
    ),
    max_size=12,
)


@given(RANGES)
@settings(max_examples=200, deadline=None, database=None)
def test_merged_days_are_the_same_days_in_order_and_apart(found: list[tuple[date, int]]) -> None:
    days = merged((first, date.fromordinal(last)) for first, last in found)

    assert {
        number for one, end in days for number in range(one.toordinal(), end.toordinal() + 1)
    } == {number for one, last in found for number in range(one.toordinal(), last + 1)}
    ends = [day.toordinal() for each in days for day in each]
    gaps = [ends[index + 1] - ends[index] for index in range(1, len(ends) - 1, 2)]
    assert all(gap > 1 for gap in gaps)
    assert unpack_days(pack_days(days)) == days


def test_calendars_are_named_once_and_in_order() -> None:
    entries = ["calendar:b", "2026-01-01", "calendar:a", "calendar:b", "calendar:no name"]

    assert calendars_in(entries) == ["b", "a"]
