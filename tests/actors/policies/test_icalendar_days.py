"""Which days the events of an iCalendar text cover; what is broken or too much is named."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar_texts import a_day, a_text_of, an_event_of

from quarterjack.actors.policies.calendar_days import entries_of
from quarterjack.actors.policies.icalendar_days import event_days
from quarterjack.actors.policies.icalendar_text import MOST_EVENTS, IcalendarError

SINCE, THROUGH = date(2025, 1, 1), date(2030, 12, 31)


def days(raw: bytes) -> list[str]:
    """The days as text."""
    return entries_of(event_days(raw, SINCE, THROUGH).days)


PARIS = "TZID=Europe/Paris"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["DTSTART;VALUE=DATE:20261225"], ["2026-12-25"], id="a day"),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227"],
            ["2026-12-25/2026-12-26"],
            id="the end is the day after",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261225"],
            ["2026-12-25"],
            id="an end on the same day",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261225", "DURATION:P1W"],
            ["2026-12-25/2026-12-31"],
            id="a week",
        ),
        pytest.param(["DTSTART:20261225T235959Z"], ["2026-12-25"], id="an instant"),
        pytest.param(
            ["DTSTART:20261225T220000Z", "DTEND:20261226T000000Z"],
            ["2026-12-25"],
            id="until midnight",
        ),
        pytest.param(
            ["DTSTART:20261225T220000Z", "DTEND:20261226T000001Z"],
            ["2026-12-25/2026-12-26"],
            id="past midnight",
        ),
        pytest.param(
            [f"DTSTART;{PARIS}:20261225T003000", f"DTEND;{PARIS}:20261225T013000"],
            ["2026-12-25"],
            id="by the clock of its zone",
        ),
        pytest.param(
            [f"DTSTART;{PARIS}:20261225T230000", "DTEND;TZID=America/New_York:20261225T190000"],
            ["2026-12-25/2026-12-26"],
            id="the end in another zone",
        ),
        pytest.param(
            ["DTSTART;TZID=Office Time:20261225T230000"], ["2026-12-25"], id="a zone of their own"
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261225", "DTEND:20261226T120000Z"],
            ["2026-12-25/2026-12-26"],
            id="a date and a time",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;COUNT=3"],
            ["2026-12-25", "2027-12-25", "2028-12-25"],
            id="every year",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:19001225", "RRULE:FREQ=YEARLY"],
            [f"{year}-12-25" for year in range(2025, 2031)],
            id="for ever, as far as is looked",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20250101", "RRULE:FREQ=DAILY"],
            ["2025-01-01/2030-12-31"],
            id="every day",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20250526", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3"],
            ["2025-05-26", "2026-05-25", "2027-05-31"],
            id="the last Monday of May",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY;UNTIL=20260103"],
            ["2026-01-01/2026-01-03"],
            id="until a day, which counts",
        ),
        pytest.param(
            [
                "DTSTART;VALUE=DATE:20260101",
                "RRULE:FREQ=DAILY;COUNT=4",
                "EXDATE;VALUE=DATE:20260102",
            ],
            ["2026-01-01", "2026-01-03/2026-01-04"],
            id="but not on one",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20260101", "RDATE;VALUE=DATE:20260301,20260401"],
            ["2026-01-01", "2026-03-01", "2026-04-01"],
            id="and on others",
        ),
        pytest.param(
            ["DTSTART:20260101T100000Z", "RDATE;VALUE=PERIOD:20260301T230000Z/PT2H"],
            ["2026-01-01", "2026-03-01/2026-03-02"],
            id="and for a while",
        ),
        pytest.param(
            ["DTSTART:20260101T230000Z", "DURATION:PT2H", "RRULE:FREQ=MONTHLY;BYHOUR=9,23;COUNT=3"],
            ["2026-01-01/2026-01-02", "2026-02-01/2026-02-02"],
            id="twice on a day",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20241230", "DTEND;VALUE=DATE:20250103"],
            ["2025-01-01/2025-01-02"],
            id="from before what is looked at",
        ),
        pytest.param(["DTSTART;VALUE=DATE:20241231"], [], id="before it"),
        pytest.param(["DTSTART;VALUE=DATE:20310101"], [], id="after it"),
        pytest.param(["DTSTART;VALUE=DATE:20261225", "STATUS:CANCELLED"], [], id="cancelled"),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261225", "TRANSP:TRANSPARENT"], ["2026-12-25"], id="transparent"
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261225", "GEO:nowhere", "URL:"], ["2026-12-25"], id="a bad place"
        ),
    ],
)
def test_an_event_covers_its_days(lines: list[str], expected: list[str]) -> None:
    assert days(a_text_of(an_event_of(*lines))) == expected


def test_an_exception_takes_the_place_of_its_day() -> None:
    weekly = a_day("20260105", "RRULE:FREQ=WEEKLY;COUNT=4")
    moved = a_day("20260113", "RECURRENCE-ID;VALUE=DATE:20260112")
    off = a_day("20260119", "RECURRENCE-ID;VALUE=DATE:20260119", "STATUS:CANCELLED")

    assert days(a_text_of(weekly, moved, off)) == ["2026-01-05", "2026-01-13", "2026-01-26"]


def test_the_zone_of_the_calendar_is_that_of_its_events() -> None:
    head = "X-WR-TIMEZONE:Europe/Paris\r\n"

    assert days(a_text_of(an_event_of("DTSTART:20261224T233000Z"), head=head)) == ["2026-12-25"]


def test_several_calendars_in_a_text_are_one() -> None:
    name = "X-WR-CALNAME:Jours fériés\r\n"
    raw = a_text_of(a_day("20260101")) + a_text_of(a_day("20260102"), head=name)

    found = event_days(raw, SINCE, THROUGH)

    assert found.name == "Jours fériés"
    assert entries_of(found.days) == ["2026-01-01/2026-01-02"]


def test_what_is_no_event_covers_nothing() -> None:
    task = "BEGIN:VTODO\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\nEND:VTODO\r\n"

    assert days(a_text_of(task)) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: b"\xef\xbb\xbf" + raw, id="byte order mark"),
        pytest.param(lambda raw: raw.replace(b"\r\n", b"\n"), id="line ends of Unix"),
        pytest.param(lambda raw: raw.replace(b"2026", b"20\r\n 26"), id="folded"),
        pytest.param(lambda raw: raw.replace(b"\r\n", b"\r\n\r\n"), id="empty lines"),
        pytest.param(lambda raw: raw.lower().replace(b"vevent", b"VEVENT"), id="small letters"),
        pytest.param(lambda raw: raw.replace(b"UID:1\r\n", b""), id="without UIDs"),
    ],
)
def test_how_it_is_written_makes_no_difference(change: Callable[[bytes], bytes]) -> None:
    raw = a_text_of(a_day("20260101"), a_day("20260201", uid="2"))

    assert days(change(raw)) == ["2026-01-01", "2026-02-01"]


DAY = "DTSTART;VALUE=DATE:20261225"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "has no DTSTART"),
        (["DTSTART:2026-12-25"], "DTSTART: Expected"),
        ([DAY, DAY], "has more than one DTSTART"),
        ([DAY, "DTEND;VALUE=DATE:20261224"], "ends before it begins"),
        ([DAY, "DURATION:-P1D"], "ends before it begins"),
        ([DAY, "DURATION:P9999999999999D"], "DURATION: Impractical"),
        ([DAY, "EXDATE:nope"], "EXDATE: Expected"),
        ([DAY, "SEQUENCE:x"], "SEQUENCE: Expected"),
        ([DAY, "RRULE:FREQ=SOMETIMES"], "RRULE: Expected"),
        ([DAY, "RRULE:COUNT=3"], "has an RRULE without one FREQ"),
        ([DAY, "RRULE:FREQ=DAILY;INTERVAL=0"], "INTERVAL below 1"),
        ([DAY, "RRULE:FREQ=SECONDLY"], "repeats SECONDLY; a calendar is of days"),
        ([DAY, "RRULE:FREQ=HOURLY;COUNT=2"], "let it repeat DAILY, WEEKLY, MONTHLY or YEARLY"),
        (
            [DAY, "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5"],
            "repeats 25 times a day",
        ),
        (["DTSTART;VALUE=DATE:99991231", "RRULE:FREQ=YEARLY"], "can't be read: date value out"),
    ],
)
def test_a_broken_event_is_named(lines: list[str], told: str) -> None:
    raw = a_text_of(a_day("20260101"), an_event_of(*lines, uid="2", name="Yule"))

    with pytest.raises(IcalendarError, match=told) as refused:
        days(raw)
    assert "the event 'Yule' (line 9)" in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        pytest.param(b"", "the file is empty", id="nothing"),
        pytest.param(b"\r\n \r\n", "line 2: ' ' is no content line", id="blanks"),
        pytest.param(b"hello world", "line 1: 'hello world' is no content line", id="prose"),
        pytest.param(
            b"<html>\n<p: x>\n", "line 1: '<html>' is no content line", id="a page of the web"
        ),
        pytest.param(a_day("20260101").encode(), "line 1: VEVENT where a VCALENDAR", id="an event"),
        pytest.param(
            a_text_of(a_day("20260101"))[:-30], "no content line|is the file cut off", id="cut off"
        ),
        pytest.param(
            a_text_of(a_day("20260101").replace("END:VEVENT\r\n", "")),
            "line 8: END:VCALENDAR, but the VEVENT of line 4 has not ended",
            id="no end",
        ),
        pytest.param(
            a_text_of() + b"END:VEVENT\r\n",
            "line 5: 'END:VEVENT' stands outside",
            id="one end more",
        ),
        pytest.param(
            a_text_of(a_day("20260101", "What a feast")),
            "line 8: 'What a feast' is no content line",
            id="a broken line",
        ),
        pytest.param(
            a_text_of(a_day("20260101", a_day("20260102").strip())),
            "line 8: an event inside the event of line 4",
            id="an event in another",
        ),
        pytest.param(
            a_text_of("BEGIN:X\r\n" * 8), "line 11: nested deeper than 8 levels", id="nested deep"
        ),
        pytest.param(
            a_text_of(a_day("20260101", name="F\xeate")).replace("\xea".encode(), b"\xea"),
            "line 6: it is not UTF-8",
            id="another encoding",
        ),
        pytest.param(
            a_text_of(head="CALSCALE:HEBREW\r\n"), "CALSCALE is 'HEBREW'", id="another scale"
        ),
        pytest.param(
            a_text_of(head="X-WR-TIMEZONE:Nowhere\r\n"), "'Nowhere' is no time zone", id="no zone"
        ),
        pytest.param(
            a_text_of(head="VERSION;=:2\r\n"), "line 4: .* is no content line", id="a bad parameter"
        ),
        pytest.param(
            a_text_of(*[a_day("20260101")] * (MOST_EVENTS + 1)),
            "has 2,501 events, over the limit of 2,500",
            id="too many",
        ),
    ],
)
def test_a_broken_text_is_refused_with_its_line(raw: bytes, told: str) -> None:
    with pytest.raises(IcalendarError, match=told):
        days(raw)


def test_it_says_which_event_it_comes_to() -> None:
    seen: list[str] = []
    raw = a_text_of(a_day("20260101"), a_day("20260105", uid="2", name="Twelfth \x07 night"))

    event_days(raw, SINCE, THROUGH, seen.append)

    assert seen == ["the event 'Feast' (line 4)", r"the event 'Twelfth \x07 night' (line 9)"]


@given(
    first=st.dates(date(2024, 6, 1), date(2027, 1, 1)),
    length=st.integers(1, 10),
    weeks=st.booleans(),
    interval=st.integers(1, 40),
    count=st.integers(1, 60),
    left_out=st.sets(st.integers(0, 20), max_size=3),
)
@settings(max_examples=60, deadline=None, database=None)
def test_repetitions_are_those_of_plain_arithmetic(
    first: date, length: int, *, weeks: bool, interval: int, count: int, left_out: set[int]
) -> None:
    frequency, step = ("WEEKLY", 7 * interval) if weeks else ("DAILY", interval)
    begins = [first + timedelta(days=step * number) for number in range(count)]
    exceptions = [
        f"EXDATE;VALUE=DATE:{begins[index]:%Y%m%d}" for index in left_out if index < count
    ]
    event = a_day(
        f"{first:%Y%m%d}",
        f"DTEND;VALUE=DATE:{first + timedelta(days=length):%Y%m%d}",
        f"RRULE:FREQ={frequency};INTERVAL={interval};COUNT={count}",
        *exceptions,
    )

    found = event_days(a_text_of(event), SINCE, THROUGH).days

    expected = {
        begin + timedelta(days=offset)
        for index, begin in enumerate(begins)
        if index not in left_out
        for offset in range(length)
    }
    assert {
        date.fromordinal(number)
        for one, end in found
        for number in range(one.toordinal(), end.toordinal() + 1)
    } == {day for day in expected if SINCE <= day <= THROUGH}
