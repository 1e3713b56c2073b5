"""The span of a timeline, and what schedules will do in it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sample import NOW, a_schedule

from quarterjack.runtime.timeline import MOST_COMING, TimelineRow, span_around, timeline_of
from quarterjack.storage import InvalidInput, Schedule, ScheduleConfig
from quarterjack.storage.schedule_summaries import CountedPage
from quarterjack.storage.timeline import Past, Span

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (None, None, (-6, 6)),
        (-24, None, (-24, 6)),
        (24, None, (24, 30)),
        (None, 24, (-6, 24)),
        (None, -24, (-30, -24)),
        (-2, 3, (-2, 3)),
        (-100, 68, (-100, 68)),
    ],
)
def test_what_is_not_said_is_six_hours_around_now(
    since: int | None, until: int | None, hours: tuple[int, int]
) -> None:
    def at(hour: int | None) -> datetime | None:
        return None if hour is None else NOW + hour * HOUR

    found = span_around(NOW, at(since), at(until))

    assert found == Span(NOW + hours[0] * HOUR, NOW + hours[1] * HOUR)


@pytest.mark.parametrize(("since", "until"), [(1, 1), (2, 1), (-100, 69)])
def test_a_span_has_a_length_of_at_most_a_week(since: int, until: int) -> None:
    with pytest.raises(InvalidInput):
        span_around(NOW, NOW + since * HOUR, NOW + until * HOUR)


def _coming(span: Span, config: dict[str, Any], now: datetime = NOW, **changes: Any) -> TimelineRow:
    due = {"next_due": NOW + MINUTE, "next_fire": NOW + MINUTE, **changes}
    schedule: Schedule = a_schedule(schedule_config=ScheduleConfig.model_validate(config), **due)
    page = CountedPage([Past(schedule, [], False, [], {})], None, 1)
    (row,) = timeline_of(page, span, now).rows.items
    return row


def _minutes(row: TimelineRow) -> list[float]:
    return [(each - NOW) / MINUTE for each in row.coming]


MINUTELY = {"cron": "* * * * *"}


@pytest.mark.parametrize(
    ("config", "changes", "minutes"),
    [
        (MINUTELY, {}, [1, 2, 3]),
        (MINUTELY, {"next_fire": None}, []),
        ({**MINUTELY, "maxRuns": 5}, {"runs": 3}, [1, 2]),
        ({**MINUTELY, "maxRuns": 5}, {"runs": 5}, []),
        ({**MINUTELY, "exclude": ["2026-01-01"]}, {}, []),
        ({"at": "2026-01-01T12:01:00Z"}, {}, [1]),
        ({"cron": "no cron at all"}, {}, []),
    ],
    ids=str,
)
def test_what_is_to_come_follows_from_the_rule(
    config: dict[str, Any], changes: dict[str, Any], minutes: list[float]
) -> None:
    span = Span(NOW - HOUR, NOW + 4 * MINUTE)

    assert _minutes(_coming(span, config, **changes)) == minutes


def test_what_is_to_come_begins_with_the_span_or_now() -> None:
    later = Span(NOW + 30 * MINUTE, NOW + 32 * MINUTE)
    limited = {**MINUTELY, "maxRuns": 31}

    assert _minutes(_coming(later, MINUTELY)) == [30, 31]
    assert _minutes(_coming(later, limited, runs=1)) == [30]
    assert _minutes(_coming(later, MINUTELY, now=NOW + 31 * MINUTE)) == [31]
    assert _minutes(_coming(later, MINUTELY, now=NOW + HOUR)) == []


def test_an_instant_that_is_put_off_is_still_to_come() -> None:
    span, config = Span(NOW - HOUR, NOW + HOUR), {"cron": "0 12 * * *", "jitter": "1h"}

    (found,) = _coming(span, config, next_due=NOW, next_fire=NOW + MINUTE).coming

    assert NOW < found < NOW + HOUR


def test_only_the_next_two_hundred_are_worked_out() -> None:
    row = _coming(Span(NOW, NOW + 24 * HOUR), MINUTELY)

    assert len(row.coming) == MOST_COMING
    assert row.coming_truncated
    assert not _coming(Span(NOW, NOW + MINUTE * 201), MINUTELY).coming_truncated
