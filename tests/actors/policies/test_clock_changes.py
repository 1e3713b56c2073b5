"""When clocks are changed: found wherever one begins to look."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cron_cases import FAMOUS, changes

from quarterjack.actors.policies.clock_changes import (
    Change,
    first_change,
    last_change,
    offset_at,
)

HOUR = timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)


def test_a_change_is_found_to_the_second() -> None:
    spring = first_change(PARIS, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    autumn = last_change(PARIS, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

    assert spring == Change(SPRING, HOUR, 2 * HOUR)
    assert autumn == Change(AUTUMN, 2 * HOUR, HOUR)
    assert (spring.jump, autumn.jump) == (HOUR, -HOUR)


def test_the_beginning_of_a_stretch_is_not_in_it_and_its_end_is() -> None:
    second = timedelta(seconds=1)
    for find in (first_change, last_change):
        assert find(PARIS, SPRING - second, SPRING) is not None
        assert find(PARIS, SPRING, SPRING + HOUR) is None
        assert find(PARIS, SPRING - HOUR, SPRING - second) is None
        assert find(PARIS, SPRING, SPRING - HOUR) is None


@pytest.mark.parametrize(("zone", "year"), FAMOUS)
def test_the_changes_of_a_year_are_those_that_the_clock_shows(zone: str, year: int) -> None:
    place, found = ZoneInfo(zone), []
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while (change := first_change(place, at, end)) is not None:
        found.append((change.at, change.jump))
        at = change.at

    assert found == [(each.at, each.jump) for each in changes(zone, year)]


def test_a_zone_without_changes_has_none() -> None:
    stretch = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))

    assert first_change(ZoneInfo("UTC"), *stretch) is None
    assert last_change(ZoneInfo("UTC"), *stretch) is None
    assert offset_at(PARIS, SPRING) == 2 * HOUR
