"""Durations, instants, ids, plain data, statuses, events and configurations: the small things."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quarterjack.storage import (
    Event,
    ExecutionConfig,
    ExecutionStatus,
    IllegalTransition,
    NotPlainData,
    RandomIds,
    Retry,
    ScheduleConfig,
    ScheduleStatus,
    SeededIds,
)
from quarterjack.storage.durations import format_duration, parse_duration
from quarterjack.storage.events import EVENT_TYPES, TOPICS, topics
from quarterjack.storage.ids import is_id
from quarterjack.storage.instants import format_instant, from_micros, to_micros
from quarterjack.storage.plain_data import DEEPEST, LARGEST, Packed, pack, pack_map, unpack
from quarterjack.storage.statuses import (
    EXECUTION_TRANSITIONS,
    FINAL,
    SCHEDULE_TRANSITIONS,
    check_execution,
    check_schedule,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_as", "seconds"),
    [
        (30, 30),
        (1.5, 1.5),
        (0, 0),
        ("30s", 30),
        ("90 s", 90),
        ("1h 30m", 5_400),
        ("1h30m", 5_400),
        ("2 days", 172_800),
        ("1 week", 604_800),
        ("250ms", 0.25),
        ("1.5 hours", 5_400),
        ("5 min", 300),
        ("PT5M", 300),
        ("P1DT2H", 93_600),
        ("P2W", 1_209_600),
        ("PT0.5S", 0.5),
        (timedelta(minutes=1), 60),
    ],
)
def test_what_a_duration_stands_for(given_as: object, seconds: float) -> None:
    assert parse_duration(given_as) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "wrong",
    ["", "soon", "5", "5 parsecs", "1h and 5m", "-5s", "P", "PT", "P1Y", "1e3s", -1, True, None, [],
     math.inf, math.nan, 10**20, "9" * 400 + "s", "200000 weeks", "1h 1"],
)  # fmt: skip
def test_what_is_no_duration(wrong: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(wrong)


@given(st.timedeltas(timedelta(0), timedelta(days=30_000)))
@settings(max_examples=60, deadline=None, database=None)
def test_a_duration_is_written_and_read_back(span: timedelta) -> None:
    assert parse_duration(format_duration(span)) == span


@given(st.integers(-62_135_510_400, 253_402_128_000).map(lambda s: from_micros(s * 10**6 + 17)))
@settings(max_examples=60, deadline=None, database=None)
def test_an_instant_is_stored_to_the_microsecond(instant: datetime) -> None:
    text = format_instant(instant)

    assert from_micros(to_micros(instant)) == instant
    assert datetime.fromisoformat(text) == instant
    assert len(text) == 27
    assert text.endswith("Z")


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    east = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))

    assert format_instant(east) == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    "wrong", ["2026-01-01T00:00:00", "2026-01-01", "now", "0001-01-01T00:00:00+14:00"]
)
def test_an_instant_has_a_zone_and_a_place_in_the_calendar(wrong: str) -> None:
    with pytest.raises(ValidationError):
        ScheduleConfig.model_validate({"at": wrong})


def test_ids_are_new_each_time_and_seeded_ones_repeat() -> None:
    random, first, second = RandomIds(), SeededIds(7), SeededIds(7)

    assert len({random.new("exe") for _ in range(1_000)}) == 1_000
    assert [first.new("exe") for _ in range(9)] == [second.new("exe") for _ in range(9)]
    assert all(is_id(source.new("sch")) for source in (random, first))


@pytest.mark.parametrize("wrong", ["", "a/b", "a b", "é", "x" * 65, "a\n", "../a"])
def test_what_is_no_id(wrong: str) -> None:
    assert not is_id(wrong)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
@settings(max_examples=60, deadline=None, database=None)
def test_plain_data_is_packed_and_unpacked(value: Any) -> None:
    assert unpack(pack(value)) == value


def test_packed_values_travel_unopened() -> None:
    assert unpack(pack_map({"a": pack([1, 2]), "b": Packed(b"\xc0")})) == {"a": [1, 2], "b": None}
    assert unpack(pack((1, (2,)))) == [1, [2]]


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "path", "told"),
    [
        ({"a": {1}}, "$.a", "a set is not plain data"),
        ({"a": [0, NOW]}, "$.a[1]", "a datetime is not plain data"),
        ({"a": {1: 2}}, "$.a", "the key 1 is not text"),
        ({"a": math.nan}, "$.a", "nan is no number"),
        ([2**64], "$[0]", "beyond 64 bits"),
        ([-(2**63) - 1], "$[0]", "beyond 64 bits"),
        ({"a": "\udc00"}, "$.a", "lone surrogate"),
        ({"\udc00": 1}, "$", "lone surrogate"),
        ("x" * LARGEST, "$", "over the limit of 1,000,000"),
    ],
)
def test_what_is_not_plain_is_named(value: Any, path: str, told: str) -> None:
    with pytest.raises(NotPlainData) as refused:
        pack(value)
    assert refused.value.path == path
    assert told in refused.value.reason


def test_the_depth_of_plain_data_is_bounded() -> None:
    circle: list[Any] = []
    circle.append(circle)

    assert unpack(pack(_nested(DEEPEST))) == _nested(DEEPEST)
    for deep in (_nested(DEEPEST + 1), circle):
        with pytest.raises(NotPlainData, match="nested deeper"):
            pack(deep)


@pytest.mark.parametrize("current", ExecutionStatus)
@pytest.mark.parametrize("wanted", ExecutionStatus)
def test_an_execution_changes_only_as_the_table_says(
    current: ExecutionStatus, wanted: ExecutionStatus, caplog: pytest.LogCaptureFixture
) -> None:
    allowed = wanted in EXECUTION_TRANSITIONS[current]
    try:
        check_execution("exe_1", current, wanted)
    except IllegalTransition as refused:
        assert not allowed
        assert (refused.current, refused.wanted) == (current, wanted)
        assert f"exe_1 is {current} and can't become {wanted}" in caplog.text
    else:
        assert allowed
        assert current not in FINAL
        assert caplog.text == ""


@pytest.mark.parametrize("current", ScheduleStatus)
@pytest.mark.parametrize("wanted", ScheduleStatus)
def test_a_schedule_changes_only_as_the_table_says(
    current: ScheduleStatus, wanted: ScheduleStatus
) -> None:
    allowed = wanted in SCHEDULE_TRANSITIONS[current]
    try:
        check_schedule("sch_1", current, wanted)
    except IllegalTransition:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_has_its_own_topic(kind: str) -> None:
    found = topics(Event(kind, NOW))

    assert set(found) <= TOPICS
    assert found[-1] == kind.replace(".", ":")


def test_an_event_of_no_known_type_or_field_can_not_be_made() -> None:
    with pytest.raises(ValueError, match="is no event type"):
        Event("schedule.exploded", NOW)
    with pytest.raises(ValueError, match="no data field"):
        Event("schedule.deleted", NOW, data={"colour": 1})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "found none"),
        ({"cron": "@daily", "manual": True}, "found cron and manual"),
        ({"cron": "@daily", "anchor": "2026-01-01T00:00:00Z"}, "anchor belongs to interval"),
        ({"interval": 0.5}, "at least one second"),
        ({"cron": []}, "cron"),
        ({"cron": "x" * 257}, "at most 256"),
        ({"manual": False}, "manual"),
        ({"manual": True, "catch_up": "all"}, "catch_up"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ScheduleConfig.model_validate(fields)


def test_a_retry_is_written_in_python_or_on_the_wire() -> None:
    assert Retry(attempts=3, max_backoff="1m") == Retry.model_validate(
        {"attempts": 3, "maxBackoff": 60}
    )
    with pytest.raises(ValidationError):
        Retry(attempts=0)


def test_bytes_in_the_parameters_of_a_schedule_stay_bytes() -> None:
    params = {"raw": b"\xff\x00", "text": b"text"}

    dumped = ExecutionConfig.model_validate({"params": params}).model_dump(
        mode="json", exclude_defaults=True
    )

    assert dumped == {"params": params}
    assert ExecutionConfig().model_dump(mode="json", exclude_defaults=True) == {}
