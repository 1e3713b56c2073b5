"""Time zone data: which is in use, and that stored instants follow when it changes."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from quarterjack.runtime import Runtime, Settings, Workflow, time_zone_data
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage.queries import PageRequest

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MORNING = {"cron": "0 9 * * *", "timezone": "Europe/Paris", "catchUp": "skip"}


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test chooses is chosen for the whole process."""
    monkeypatch.setenv("PYTHONTZPATH", "")
    monkeypatch.delenv("PYTHONTZPATH")
    yield
    monkeypatch.undo()
    time_zone_data.use("system")


def _as_if_computed_otherwise(path: Path, change: timedelta) -> None:
    """Stored instants that come from other data."""
    connection = sqlite3.connect(path)
    micros = change // timedelta(microseconds=1)
    connection.execute(
        "UPDATE schedules SET next_due = next_due + ?, next_fire = next_fire + ?", (micros, micros)
    )
    connection.execute("UPDATE facts SET value = 'package 2020a'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("change", [HOUR, -HOUR], ids=["too late", "too early"])
def test_stored_instants_are_worked_out_again_with_new_data(
    tmp_path: Path, report: Workflow, caplog: pytest.LogCaptureFixture, change: timedelta
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    draft = {"workflowId": "report", "name": "n", "scheduleConfig": MORNING}
    with VirtualRuntime(database, workflows=[report]) as first:
        key = first.create_scheduled_workflow(draft).get()
        paused = first.create_scheduled_workflow(draft).get()
        first.pause_schedule(paused).get()
        first.advance("30h")
        right = first.get_schedule(key).get().next_due
        clock = first.clock
    _as_if_computed_otherwise(tmp_path / "q.db", change)

    with VirtualRuntime(database, workflows=[report], clock=clock) as second:
        found = second.get_schedule(key).get()
        assert found.next_due == found.next_fire == right == START + timedelta(days=1, hours=8)
        assert second.get_schedule(paused).get().next_fire is None
        second.advance("1d")
        dues = [fire.due for fire in second.list_fires(key, page=PageRequest()).get().items]
        assert dues == [START + timedelta(days=day, hours=8) for day in (1, 0)]
    assert "package 2020a" in caplog.text
    assert "2 schedules are due at another instant now" in caplog.text


def test_nothing_is_worked_out_again_with_the_same_data(
    tmp_path: Path, report: Workflow, caplog: pytest.LogCaptureFixture
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    for _ in range(2):
        with VirtualRuntime(database, workflows=[report]):
            pass

    assert "time zone data" not in caplog.text


def test_the_package_can_be_preferred_to_the_system() -> None:
    with Runtime(settings=Settings.of(time_zone_data="package")) as runtime:
        assert runtime.readiness().tzdata_version.startswith("package 20")
        assert ZoneInfo("Europe/Paris").utcoffset(datetime(2026, 7, 1)) == 2 * HOUR  # noqa: DTZ001
    with Runtime(settings=Settings.of(time_zone_data="system")) as runtime:
        assert runtime.readiness().tzdata_version == time_zone_data.version()
