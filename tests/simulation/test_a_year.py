"""A whole year through the real tree, from the ticker to stored executions, beside a cron of our own."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from cron_model import Job, runs

from quarterjack.runtime import Settings, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import Execution, ExecutionStatus, FireOutcome, ScheduleId
from quarterjack.storage.queries import ExecutionFilter, FireFilter, Page, PageRequest

YEAR = ("2026-01-01", "2027-01-01")
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "America/Havana",  # its gap is at midnight
    "Australia/Lord_Howe",  # its summer time is half an hour
    "Asia/Kolkata",
)
STRANGE = ("America/Havana", "Australia/Lord_Howe")
"""Those that are always tried."""
TWICE_A_DAY = ("30 1 * * *", "30 2 * * *")


def _instant(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _live_through(expressions: tuple[str, ...], zones: tuple[str, ...]) -> None:
    begin, end = map(_instant, YEAR)
    tick = Workflow("tick")

    @tick.step
    def strike() -> int:
        return 1

    settings = Settings.of(idle="400 days")
    with VirtualRuntime(workflows=[tick], settings=settings, seed=1) as runtime:
        keys = {}
        for zone in zones:
            for expression in expressions:
                config = {"cron": expression, "timezone": zone}
                draft = {"workflowId": "tick", "name": zone, "scheduleConfig": config}
                key = runtime.create_scheduled_workflow(draft).get()
                keys[key] = (expression, zone)
        assert runtime.now() == begin
        runtime.advance(end - begin)

        for key, (expression, zone) in keys.items():
            wanted = list(runs(Job(expression), ZoneInfo(zone), begin, end))
            found = _executions(runtime, key)
            assert [each.scheduled_time for each in found] == wanted, (expression, zone)
            assert {each.status for each in found} == {ExecutionStatus.SUCCEEDED}
            assert all(each.started_at == each.scheduled_time for each in found)
            _check_ledger(runtime, key, found)


def _executions(runtime: VirtualRuntime, key: ScheduleId) -> list[Execution]:
    """Oldest first."""
    found: list[Execution] = []
    page: Page[Execution] = Page([], None)
    while not found or page.next is not None:
        request = PageRequest(500, page.next)
        page = runtime.list_executions(ExecutionFilter(schedule_id=key), request).get()
        found += page.items
    return found[::-1]


def _check_ledger(runtime: VirtualRuntime, key: ScheduleId, found: list[Execution]) -> None:
    """Its newest page: a row for each instant, on time, with the execution that came of it."""
    rows = runtime.list_fires(key, FireFilter(), PageRequest(500)).get().items[::-1]
    assert {row.outcome for row in rows} == {FireOutcome.STARTED}
    newest = found[-len(rows) :]
    assert [(row.due, row.execution_id) for row in rows] == [(each.due, each.id) for each in newest]
    assert runtime.get_schedule(key).get().totals.succeeded == len(found)


@pytest.mark.parametrize(
    "zone",
    [pytest.param(zone, marks=() if zone in STRANGE else pytest.mark.slow) for zone in ZONES],
)
def test_a_year_of_fixed_times_is_what_cron_would_do(zone: str) -> None:
    _live_through(TWICE_A_DAY, (zone,))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_quarter_hours_is_what_cron_would_do(zone: str) -> None:
    _live_through(("*/15 * * * *",), (zone,))
