"""A preview says what a schedule will do: it is compared with what it then does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from events_of import every_event

from quarterjack.actors.engine import VirtualClock
from quarterjack.runtime import InvalidInput, NotFound, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage.queries import PageRequest

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTELY = {"cron": "* * * * *"}
Row = tuple[datetime, datetime, str, str | None]


def make(runtime: VirtualRuntime, config: dict[str, Any], workflow: str = "slow") -> str:
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": config}
    return runtime.create_scheduled_workflow(draft).get()


def previewed(runtime: VirtualRuntime, config: dict[str, Any], **more: Any) -> list[Row]:
    found = runtime.preview({"scheduleConfig": config, "limit": 1_000, **more}).get()
    return [
        (each.due, each.fires_at, each.outcome.value, each.reason and each.reason.value)
        for each in found.items
    ]


def happened(runtime: VirtualRuntime, key: str) -> list[Row]:
    """What the ledger says, in the order of the instants."""
    rows = runtime.list_fires(key, page=PageRequest(500)).get().items[::-1]
    return [
        (each.due, each.decided_at, each.outcome.value, each.reason and each.reason.value)
        for each in rows
    ]


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({**MINUTELY, "overlap": "skip"}, id="skip"),
        pytest.param({"cron": "*/20 * * * * *", "overlap": "queueOne"}, id="queueOne"),
        pytest.param({**MINUTELY, "overlap": "queueAll"}, id="queueAll"),
        pytest.param({**MINUTELY, "overlap": "cancelRunning"}, id="cancelRunning"),
        pytest.param({**MINUTELY, "overlap": "allow"}, id="allow"),
        pytest.param({"interval": "40s", "overlap": "skip"}, id="interval"),
        pytest.param({**MINUTELY, "jitter": "50s"}, id="jitter within the period"),
        pytest.param({**MINUTELY, "jitter": "5m", "catchUp": "all"}, id="jitter beyond the period"),
        pytest.param({**MINUTELY, "maxRuns": 3}, id="maxRuns"),
        pytest.param({**MINUTELY, "startAt": "2026-01-01T00:03:30Z"}, id="startAt"),
        pytest.param({**MINUTELY, "endAt": "2026-01-01T00:04:30Z"}, id="endAt"),
        pytest.param({"cron": ["*/2 * * * *", "*/3 * * * *"]}, id="two lines"),
        pytest.param({"at": "2026-01-01T00:05:00Z"}, id="once"),
        pytest.param({"cron": "H/3 * * * *"}, id="a hashed minute"),
    ],
)
def test_what_is_previewed_happens(slow: Workflow, config: dict[str, Any]) -> None:
    with VirtualRuntime(workflows=[slow], seed=1) as runtime:
        key = make(runtime, config)
        foreseen = previewed(
            runtime,
            config,
            scheduleId=key,
            assumedDuration="90s",
            until="2026-01-01T00:20:00Z",
            **{"from": "2026-01-01T00:00:01Z"},
        )

        runtime.advance("30m")

        rows = [row for row in happened(runtime, key) if row[0] < START + timedelta(minutes=20)]
    assert foreseen == rows
    assert foreseen


@pytest.mark.parametrize(
    ("now", "config", "hours"),
    [
        pytest.param(
            "2026-03-28T00:00:00Z",
            {"cron": ["30 2 * * *", "0 */2 * * *"], "timezone": "Europe/Paris"},
            60,
            id="forwards",
        ),
        pytest.param(
            "2026-10-24T00:00:00Z",
            {"cron": "*/30 * * * *", "timezone": "Australia/Lord_Howe"},
            40,
            id="back",
        ),
        pytest.param(
            "2026-12-22T00:00:00Z",
            {"cron": "0 */6 * * *", "exclude": ["2026-12-24/2026-12-26", "calendar:off"]},
            200,
            id="days off",
        ),
    ],
)
def test_days_are_played_as_they_come(
    report: Workflow, now: str, config: dict[str, Any], hours: int
) -> None:
    clock = VirtualClock(datetime.fromisoformat(now))
    with VirtualRuntime(workflows=[report], seed=1, clock=clock) as runtime:
        runtime.put_calendar("off", dates=["2026-12-28"]).get()
        begin = runtime.now() + timedelta(seconds=1)
        end = runtime.now() + timedelta(hours=hours)
        foreseen = previewed(runtime, config, until=end, **{"from": begin})
        key = make(runtime, config, "report")

        runtime.advance(timedelta(hours=hours) - timedelta(seconds=1))

        assert foreseen == happened(runtime, key)
    assert {outcome for _, _, outcome, _ in foreseen} <= {"started", "skipped"}


def test_a_preview_stores_nothing(runtime: VirtualRuntime) -> None:
    before = every_event(runtime)

    runtime.preview({"scheduleConfig": MINUTELY}).get()

    assert every_event(runtime) == before
    assert runtime.list_schedules().get().items == []


def test_a_preview_ends_at_its_limit_or_ninety_days_ahead(runtime: VirtualRuntime) -> None:
    def play(**more: Any) -> tuple[int, bool, datetime | None, datetime]:
        rule = {"cron": "0 0 * * *"}
        found = runtime.preview({"scheduleConfig": rule, **more}).get()
        return len(found.items), found.truncated, found.next, found.until

    day = timedelta(days=1)
    assert play() == (90, False, START + 90 * day, START + 90 * day)
    assert play(limit=5) == (5, True, START + 5 * day, START + 90 * day)
    assert play(until="2027-01-01T00:00:00Z") == (90, True, START + 90 * day, START + 90 * day)
    assert play(until="2026-01-08T00:00:00Z") == (7, False, START + 7 * day, START + 7 * day)
    assert play(**{"from": "2026-06-01T12:00:00Z", "limit": 1})[2] == datetime(
        2026, 6, 3, tzinfo=UTC
    )


def test_a_rule_that_is_due_later_says_when(runtime: VirtualRuntime) -> None:
    found = runtime.preview({"scheduleConfig": {"cron": "0 0 25 12 *"}}).get()

    assert (found.items, found.truncated) == ([], False)
    assert found.next == datetime(2026, 12, 25, tzinfo=UTC)


def test_a_million_instants_are_shown_up_to_the_limit(runtime: VirtualRuntime) -> None:
    found = runtime.preview({"scheduleConfig": {"cron": "* * * * * *"}, "limit": 1_000}).get()

    assert (len(found.items), found.truncated) == (1_000, True)
    assert found.next == START + timedelta(seconds=1_000)


def test_a_change_of_a_schedule_is_played_with_its_runs_and_its_own_time(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, {"interval": "10m"}, "slow")
    runtime.advance("25m")

    found = runtime.preview(
        {"scheduleConfig": {"interval": "10m", "maxRuns": 4}, "scheduleId": key}
    ).get()
    other = runtime.preview({"scheduleConfig": {"interval": "10m", "maxRuns": 4}}).get()

    assert [each.due.minute for each in found.items] == [30, 40], "it has made two"
    assert found.assumed_duration == timedelta(seconds=90), "as they took"
    assert [each.due.minute for each in other.items] == [35, 45, 55, 5]
    assert other.assumed_duration == timedelta(0)


def test_a_limit_of_one_s_own_can_be_tried(runtime: VirtualRuntime) -> None:
    config = {**MINUTELY, "overlap": "queueAll"}
    span = {"until": "2026-01-01T00:04:00Z", "assumedDuration": "150s"}

    alone = previewed(runtime, config, **span)
    three = previewed(runtime, config, maxConcurrency=3, **span)

    assert [outcome for _, _, outcome, _ in alone] == ["started", "queued", "queued", "queued"]
    assert [outcome for _, _, outcome, _ in three] == ["started"] * 4


@pytest.mark.parametrize("config", [{"manual": True}, {"event": "go"}])
def test_what_is_not_due_by_the_clock_has_an_empty_preview(
    runtime: VirtualRuntime, config: dict[str, Any]
) -> None:
    found = runtime.preview({"scheduleConfig": config}).get()

    assert (found.items, found.next, found.truncated) == ([], None, False)


@pytest.mark.parametrize(
    ("request_", "loc"),
    [
        ({}, ("scheduleConfig",)),
        ({"scheduleConfig": {"cron": "61 * * * *"}}, ("scheduleConfig", "cron")),
        ({"scheduleConfig": {**MINUTELY, "timezone": "Here"}}, ("scheduleConfig", "timezone")),
        ({"scheduleConfig": {**MINUTELY, "exclude": ["x"]}}, ("scheduleConfig", "exclude", 0)),
        (
            {"scheduleConfig": {**MINUTELY, "exclude": ["2026-01-01", "calendar:none"]}},
            ("scheduleConfig", "exclude", 1),
        ),
        ({"scheduleConfig": MINUTELY, "limit": 0}, ("limit",)),
        ({"scheduleConfig": MINUTELY, "limit": 1_001}, ("limit",)),
        ({"scheduleConfig": MINUTELY, "limit": "10"}, ("limit",)),
        ({"scheduleConfig": MINUTELY, "until": "2025-01-01T00:00:00Z"}, ("until",)),
        ({"scheduleConfig": MINUTELY, "from": "2026-01-01"}, ("from",)),
        ({"scheduleConfig": MINUTELY, "from": "1960-01-01T00:00:00Z"}, ("from",)),
        (
            {
                "scheduleConfig": MINUTELY,
                "from": "2026-01-02T00:00:00Z",
                "until": "2026-01-02T00:00:00Z",
            },
            ("until",),
        ),
        ({"scheduleConfig": MINUTELY, "assumedDuration": "-1s"}, ("assumedDuration",)),
        ({"scheduleConfig": MINUTELY, "maxConcurrency": 0}, ("maxConcurrency",)),
        ({"scheduleConfig": MINUTELY, "since": "2026-01-02T00:00:00Z"}, ("since",)),
    ],
)
def test_a_wrong_preview_names_the_field(
    runtime: VirtualRuntime, request_: dict[str, Any], loc: tuple[str | int, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        runtime.preview(request_).get()

    assert refused.value.errors[0].loc == loc


def test_a_preview_of_a_schedule_that_is_not_there_is_not_found(runtime: VirtualRuntime) -> None:
    with pytest.raises(NotFound):
        runtime.preview({"scheduleConfig": MINUTELY, "scheduleId": "sch_nothing"}).get()
