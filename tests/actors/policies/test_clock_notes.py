"""What changes of the clock do to due instants, in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quarterjack.actors.policies.clock_notes import (
    FIRST_OF_TWO,
    IN_GAP,
    ONLY_FIRST,
    SECOND_OF_TWO,
    ClockNotes,
)
from quarterjack.actors.policies.timetable import Timetable
from quarterjack.storage import ScheduleConfig, ScheduleId

KEY = ScheduleId("sch_1")
PARIS, LORD_HOWE, HAVANA = "Europe/Paris", "Australia/Lord_Howe", "America/Havana"


def notes(zone: str, since: str, hours: float, **config: Any) -> list[tuple[str, str | None]]:
    """Each due instant from then on, as local time, with its note."""
    found = ScheduleConfig.model_validate({"timezone": zone, **config})
    about = ClockNotes(KEY, found)
    first = datetime.fromisoformat(since).replace(tzinfo=UTC)
    timetable = Timetable(KEY, found, first)
    until, due = first + timedelta(hours=hours), timetable.next(first - timedelta(seconds=1))
    noted = []
    while due is not None and due.due < until:
        noted.append((f"{about.local(due.due):%H:%M}", about.note(due.due)))
        due = timetable.next(due.due)
    return noted


@pytest.mark.parametrize(
    ("zone", "since", "hours", "cron", "expected"),
    [
        pytest.param(
            PARIS,
            "2026-03-28T23:00",
            5,
            ["30 2 * * *"],
            [("03:00", IN_GAP)],
            id="a time that is left out",
        ),
        pytest.param(
            PARIS,
            "2026-03-28T23:00",
            5,
            ["0 3 * * *"],
            [("03:00", None)],
            id="the time at the gap's end itself",
        ),
        pytest.param(
            PARIS,
            "2026-03-28T23:00",
            5,
            ["30 2 * * *", "0 3 * * *"],
            [("03:00", None)],
            id="both at once are due there anyway",
        ),
        pytest.param(
            PARIS,
            "2026-03-29T00:00",
            3,
            ["*/30 * * * *"],
            [(each, None) for each in ("01:00", "01:30", "03:00", "03:30", "04:00", "04:30")],
            id="what follows the clock has no note in spring",
        ),
        pytest.param(
            PARIS,
            "2026-10-24T23:00",
            4,
            ["30 * * * *"],
            [
                ("01:30", None),
                ("02:30", FIRST_OF_TWO),
                ("02:30", SECOND_OF_TWO),
                ("03:30", None),
            ],
            id="an hour that comes twice, by a wildcard",
        ),
        pytest.param(
            PARIS,
            "2026-10-24T23:00",
            4,
            ["30 1-3 * * *"],
            [("01:30", None), ("02:30", ONLY_FIRST), ("03:30", None)],
            id="an hour that comes twice, at fixed times",
        ),
        pytest.param(
            LORD_HOWE,
            "2026-04-04T13:30",
            2.5,
            ["0,30,45 * * * *"],
            [
                ("00:30", None),
                ("00:45", None),
                ("01:00", None),
                ("01:30", FIRST_OF_TWO),
                ("01:45", FIRST_OF_TWO),
                ("01:30", SECOND_OF_TWO),
                ("01:45", SECOND_OF_TWO),
                ("02:00", None),
            ],
            id="half an hour that comes twice",
        ),
        pytest.param(
            HAVANA,
            "2026-03-08T04:00",
            3,
            ["15 0 * * *"],
            [("01:00", IN_GAP)],
            id="midnight that is left out",
        ),
    ],
)
def test_what_is_said_about_an_instant(
    zone: str, since: str, hours: float, cron: list[str], expected: list[tuple[str, str | None]]
) -> None:
    assert notes(zone, since, hours, cron=cron) == expected


def test_what_follows_no_clock_has_no_notes() -> None:
    found = notes(PARIS, "2026-03-29T00:00", 4, interval="30m", anchor="2026-03-29T00:00:00Z")

    assert [note for _, note in found] == [None] * 8


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-01-01T00:00", "2026-12-31T00:00", [3, 10]),
        ("2026-03-29T01:00", "2026-03-29T01:01", [3]),
        ("2026-03-29T01:01", "2026-10-25T01:00", []),
    ],
)
def test_the_changes_of_a_stretch_of_time(since: str, until: str, expected: list[int]) -> None:
    about = ClockNotes(KEY, ScheduleConfig.model_validate({"cron": "@daily", "timezone": PARIS}))
    begin, end = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (since, until))

    assert [change.at.month for change in about.changes(begin, end)] == expected
