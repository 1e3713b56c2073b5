"""Excluded days: found among many, whichever entry or calendar they come from."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.calendar_days import days_of, entries_of
from quarterjack.actors.policies.exclusions import ExclusionError, Exclusions
from quarterjack.storage import InvalidInput

FIRST = date(2026, 1, 1)
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 6)), max_size=6)


def entries(spans: list[tuple[int, int]]) -> list[str]:
    """Ranges of dates, each given by its first day and how many follow."""
    return [
        f"{FIRST + timedelta(days=first)}/{FIRST + timedelta(days=first + more)}"
        for first, more in spans
    ]


@given(SPANS, SPANS, SPANS)
@settings(max_examples=300, deadline=None, database=None)
def test_a_day_is_excluded_as_if_all_were_looked_at_one_by_one(
    own: list[tuple[int, int]], bank: list[tuple[int, int]], school: list[tuple[int, int]]
) -> None:
    named = {"bank": days_of(entries(bank)), "school": days_of(entries(school))}
    found = Exclusions([*entries(own), "calendar:bank", "calendar:school"], named)
    excluded = {first + n for first, more in own + bank + school for n in range(more + 1)}

    assert bool(found) == bool(excluded)
    for number in range(70):
        day = FIRST + timedelta(days=number)
        assert (found.entry_for(day) is not None) == (number in excluded)
        end = number
        while end in excluded:
            end += 1
        assert found.end_after(day) == FIRST + timedelta(days=end - 1)


def test_the_entry_that_excludes_a_day_is_told_as_it_was_given() -> None:
    found = Exclusions(
        ["2026-01-02", "calendar:bank", "2026-01-01/2026-01-09"], {"bank": days_of(["2026-01-03"])}
    )

    told = [found.entry_for(date(2026, 1, day)) for day in (1, 2, 3, 10)]

    assert told == ["2026-01-01/2026-01-09", "2026-01-02", "calendar:bank", None]


def test_a_calendar_that_is_not_known_excludes_nothing() -> None:
    assert not Exclusions(["calendar:bank"])


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("xmas", "'xmas' is not understood; write a date"),
        ("2026-13-01", "is not understood"),
        ("2026-1-1", "is not understood"),
        ("2026-01-01T00:00:00Z", "is not understood"),
        ("2026-01-03/2026-01-01", "is reversed"),
        ("calendar:bank holidays", "names no calendar; a name has"),
        ("calendar:", "names no calendar"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(entry: str, told: str) -> None:
    with pytest.raises(ExclusionError, match=told):
        Exclusions([entry])


def test_days_are_written_as_they_are_read() -> None:
    given = ["2026-12-25", "2026-12-24", "2026-01-01/2026-01-05", "2026-01-03/2026-01-06"]

    days = days_of(given)

    assert entries_of(days) == ["2026-01-01/2026-01-06", "2026-12-24/2026-12-25"]
    assert days_of(entries_of(days)) == days


def test_each_wrong_date_of_a_calendar_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        days_of(["2026-12-25", "xmas", "calendar:bank", "2026-01-02/2026-01-01"])

    assert [error.loc for error in refused.value.errors] == [("dates", n) for n in (1, 2, 3)]
