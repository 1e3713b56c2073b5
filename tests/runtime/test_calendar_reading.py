"""Texts are read in a process that is bounded: whatever one does, the server goes on."""

import threading
from datetime import date

import pytest
from icalendar_texts import a_day, a_text_of

from quarterjack.actors.engine import MailboxFull
from quarterjack.actors.policies.calendar_days import entries_of
from quarterjack.runtime import InvalidInput, calendar_reading
from quarterjack.runtime.calendar_reading import LARGEST, read_calendar

TODAY = date(2026, 11, 25)
FOR_EVER = "RRULE:FREQ=DAILY"


def test_a_text_is_read_for_the_years_around_today() -> None:
    raw = a_text_of(a_day("19990501", "RRULE:FREQ=YEARLY"), head="X-WR-CALNAME:Été\r\n")

    found = read_calendar(raw, TODAY)

    assert found.text == raw.decode()
    assert found.name == "Été"
    assert entries_of(found.days) == [f"{year}-05-01" for year in range(2024, 2037)]
    assert (found.since, found.through) == (date(2024, 1, 1), date(2036, 12, 31))


@pytest.mark.parametrize("today", [date.min, date.max], ids=["first", "last"])
def test_it_is_read_also_at_the_ends_of_time(today: date) -> None:
    assert read_calendar(a_text_of(a_day("20260101")), today).days == ()


def test_what_is_broken_is_told_as_it_was_found() -> None:
    with pytest.raises(InvalidInput, match=r"'Feast' \(line 4\) has no DTSTART") as refused:
        read_calendar(a_text_of(a_day("20260101").replace("DTSTART", "X-START")), TODAY)
    assert [error.loc for error in refused.value.errors] == [("icalendar",)]


def test_a_text_that_takes_too_long_is_refused_and_its_process_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar_reading, "CPU_SECONDS", 1)
    endless = [a_day("00010101", FOR_EVER, uid=str(number), name="Bomb") for number in range(500)]

    with pytest.raises(InvalidInput, match=r"more than 1 seconds.* at the event 'Bomb' \(line \d+"):
        read_calendar(a_text_of(*endless), TODAY)


def test_a_text_that_takes_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_reading, "MEMORY", 20 * 2**20)

    with pytest.raises(InvalidInput, match=r"more than 8 seconds or 20 MB at the event 'Feast'"):
        read_calendar(a_text_of(a_day("00010101", FOR_EVER)), TODAY)


def test_a_process_that_is_stopped_by_somebody_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar_reading, "_PATIENCE_SECONDS", 0.01)

    with pytest.raises(InvalidInput, match="reading it took more than"):
        read_calendar(a_text_of(a_day("20260101")), TODAY)


def test_a_text_over_the_limit_is_not_even_begun() -> None:
    with pytest.raises(InvalidInput, match="1,048,577 bytes, over the limit"):
        read_calendar(b"x" * (LARGEST + 1), TODAY)


def test_one_text_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = threading.Lock()
    monkeypatch.setattr(calendar_reading, "_TURN", turn)
    monkeypatch.setattr(calendar_reading, "_TURN_SECONDS", 0.05)

    with turn, pytest.raises(MailboxFull):
        read_calendar(a_text_of(a_day("20260101")), TODAY)

    assert read_calendar(a_text_of(a_day("20260101")), TODAY).days


def test_a_reader_that_can_not_run_is_no_fault_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_reading, "_READER", "quarterjack.actors.no_such_reader")

    with pytest.raises(RuntimeError, match="no_such_reader"):
        read_calendar(a_text_of(a_day("20260101")), TODAY)
