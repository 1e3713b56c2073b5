"""Times in words, and moments as they are typed."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest

from quarterjack.actors.engine import wall_clock
from quarterjack.http.cli.show.moments import (
    MomentType,
    local,
    local_with_day,
    relative,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(seconds=119), "119 s ago"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(minutes=-30), "in 30 min"),
    ],
)
def test_a_time_is_told_from_now(ago: timedelta, told: str) -> None:
    assert relative(NOON - ago, NOON) == told


def test_a_time_long_ago_is_told_as_its_day() -> None:
    assert relative(NOON - timedelta(days=61), NOON) == "2026-05-01"
    assert relative(None, NOON) == ""


def test_times_are_told_in_the_zone_of_this_machine(in_paris: None) -> None:
    assert local(NOON) == "2026-07-01 14:00:00"
    assert local_with_day(NOON) == "Wed 2026-07-01 14:00:00 +02:00"


def test_a_moment_is_typed_as_an_instant_or_as_how_long_ago(in_paris: None) -> None:
    typed = MomentType()

    assert typed.convert("2026-07-01T14:00", None, None) == NOON
    assert typed.convert("2026-07-01T12:00Z", None, None) == NOON
    before = wall_clock()
    assert before <= typed.convert("2h", None, None) + timedelta(hours=2) <= wall_clock()


@pytest.mark.parametrize("text", ["yesterday", "", "2x", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_is_told_with_what_is(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 2h for two hours ago"):
        MomentType().convert(text, None, None)
