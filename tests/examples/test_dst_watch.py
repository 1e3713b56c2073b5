"""DST watch: known clock changes, found to the second."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quarterjack.examples.dst_watch import changes_of, dst_watch, zones
from quarterjack.runtime import Execution

Play = Callable[..., Execution]
MARCH = datetime(2024, 3, 1, tzinfo=UTC)
OCTOBER = datetime(2024, 9, 15, tzinfo=UTC)
SPAN = timedelta(days=60)


@pytest.mark.parametrize(
    ("zone", "start", "at", "shift"),
    [
        ("America/New_York", MARCH, "2024-03-10T07:00:00Z", 60),
        ("Europe/Paris", MARCH, "2024-03-31T01:00:00Z", 60),
        ("Australia/Lord_Howe", MARCH, "2024-04-06T15:00:00Z", -30),
        ("Pacific/Chatham", OCTOBER, "2024-09-28T14:00:00Z", 60),
        ("Europe/London", OCTOBER, "2024-10-27T01:00:00Z", -60),
    ],
)
def test_a_known_change_is_found_to_the_second(
    zone: str, start: datetime, at: str, shift: int
) -> None:
    (found,) = changes_of(zone, start, start + SPAN)

    assert found["at"] == at
    assert found["shiftMinutes"] == shift


def test_a_change_is_told_on_both_clocks() -> None:
    (found,) = changes_of("Europe/Paris", MARCH, MARCH + SPAN)

    assert found == {
        "zone": "Europe/Paris",
        "at": "2024-03-31T01:00:00Z",
        "clockBefore": "2024-03-31 02:00:00",
        "clockAfter": "2024-03-31 03:00:00",
        "shiftMinutes": 60,
        "offsetBefore": "+0100",
        "offsetAfter": "+0200",
        "nameBefore": "CET",
        "nameAfter": "CEST",
    }


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Asia/Kathmandu"])
def test_a_zone_without_changes_has_none(zone: str) -> None:
    assert changes_of(zone, MARCH, MARCH + timedelta(days=365)) == []


def test_the_ends_of_the_span_are_kept_to() -> None:
    change = datetime(2024, 3, 31, 1, tzinfo=UTC)
    second = timedelta(seconds=1)

    assert changes_of("Europe/Paris", change - second, change) != []
    assert changes_of("Europe/Paris", change, change + second) == []
    assert changes_of("Europe/Paris", change - SPAN, change - second) == []


def test_every_zone_is_in_one_region() -> None:
    regions = zones()
    names = [name for region in regions.values() for name in region]

    assert len(names) == len(set(names)) > 400
    assert "Europe/Paris" in regions["Europe"]
    assert "UTC" in regions["Other"]


def test_the_reports_say_what_was_found(tmp_path: Path, play: Play) -> None:
    found = play(dst_watch, MARCH, output=str(tmp_path / "reports"))

    assert found.error is None
    summary: dict[str, Any] = found.result
    report = json.loads((tmp_path / "reports/dst-watch.json").read_text(encoding="utf-8"))
    text = (tmp_path / "reports/dst-watch.txt").read_text(encoding="utf-8")
    instants = [item["at"] for item in report["items"]]
    assert summary["until"] == "2024-04-30T00:00:00Z"
    assert summary["changes"] == len(instants) > 100
    assert instants == sorted(instants)
    assert "2024-03-31T01:00:00Z  +60 min" in text
    assert "Europe/Paris (+0200)" in text
    assert max(map(len, text.splitlines())) <= 80
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "dst-watch.json",
        "dst-watch.txt",
    ]


def test_a_shorter_span_finds_fewer(tmp_path: Path, play: Play) -> None:
    found = play(dst_watch, MARCH, output=str(tmp_path), days=1)

    assert found.result["changes"] == 0
    assert found.result["nextChange"] is None
