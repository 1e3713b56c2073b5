"""A year of down time of a schedule that is due every second: bounded, counted, and caught up rightly."""

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quarterjack.runtime import Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import Execution, Fire, FireOutcome, FireReason
from quarterjack.storage.queries import ExecutionFilter, PageRequest

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)


class Sleeper:
    """A schedule on a database file that nobody looks after for some time."""

    def __init__(self, folder: Path, workflow: Workflow) -> None:
        self._database = f"sqlite:///{folder / 'q.db'}"
        self._workflow = workflow
        self.key = ""

    @contextmanager
    def after(self, span: timedelta, **config: Any) -> Iterator[VirtualRuntime]:
        """The schedule is made, everything is stopped, and started again after so long."""
        with VirtualRuntime(self._database, workflows=[self._workflow], seed=1) as first:
            draft = {"workflowId": self._workflow.id, "name": "n", "scheduleConfig": config}
            self.key = first.create_scheduled_workflow(draft).get()
            clock = first.clock
        clock.jump(span)
        with VirtualRuntime(self._database, workflows=[self._workflow], clock=clock) as second:
            yield second

    def fires(self, runtime: VirtualRuntime) -> list[Fire]:
        """Oldest first."""
        found, page = list[Fire](), PageRequest(500)
        while True:
            part = runtime.list_fires(self.key, page=page).get()
            found += part.items
            if part.next is None:
                return found[::-1]
            page = PageRequest(500, part.next)

    def executions(self, runtime: VirtualRuntime) -> list[Execution]:
        """In the order of their instants, at most 500."""
        wanted = ExecutionFilter(schedule_id=runtime.get_schedule(self.key).get().id)
        found = runtime.list_executions(wanted, PageRequest(500)).get().items
        return sorted(found, key=lambda each: each.scheduled_time)


@pytest.fixture
def sleeper(tmp_path: Path, report: Workflow) -> Sleeper:
    return Sleeper(tmp_path, report)


def test_a_year_of_missed_seconds_is_one_row_with_its_number(sleeper: Sleeper) -> None:
    with sleeper.after(YEAR + SECOND / 2, cron="* * * * * *", catchUp="latest") as runtime:
        began = time.perf_counter()
        tracemalloc.start()
        runtime.settle()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        took = time.perf_counter() - began
        stretch, *others = sleeper.fires(runtime)

        assert (stretch.outcome, stretch.reason) == (
            FireOutcome.MISSED,
            FireReason.CATCH_UP_WINDOW,
        )
        assert stretch.due == START + SECOND
        assert stretch.through is not None
        assert stretch.instants == (stretch.through - stretch.due) // SECOND + 1
        assert [each.due for each in others] == [
            stretch.through + number * SECOND for number in range(1, len(others) + 1)
        ]
        assert others[-1].due == START + YEAR
        assert stretch.instants + len(others) == 365 * 86_400
        assert took < 20, "it was 31 million instants"
        assert peak < 50_000_000


def test_after_the_stretch_the_schedule_goes_on_as_ever(sleeper: Sleeper) -> None:
    with sleeper.after(YEAR + SECOND / 2, cron="* * * * * *", catchUp="latest") as runtime:
        runtime.advance("3s")

        dues = [run.due for run in sleeper.executions(runtime)]
        assert dues[-4:] == [START + YEAR + number * SECOND for number in range(4)]
        found = runtime.get_schedule(sleeper.key).get()
        assert found.next_due == START + YEAR + 4 * SECOND
        (event,) = [
            each
            for each in runtime.events(0, limit=100_000).get()
            if each.type == "schedule.missed" and each.data["through"] is not None
        ]
        assert event.data["instants"] == sleeper.fires(runtime)[0].instants


def test_what_is_in_the_window_is_caught_up_after_a_stretch(sleeper: Sleeper) -> None:
    config = {"cron": "* * * * *", "catchUp": "all", "catchUpWindow": "1h", "overlap": "queueAll"}
    with sleeper.after(YEAR + 30 * SECOND, **config) as runtime:
        runtime.settle()

        stretch, *others = sleeper.fires(runtime)
        caught = [each for each in others if each.outcome is FireOutcome.CAUGHT_UP]
        dues = [START + YEAR - number * timedelta(minutes=1) for number in range(59, -1, -1)]
        assert [each.due for each in caught] == dues
        assert [run.due for run in sleeper.executions(runtime)] == dues
        assert stretch.instants + len(others) == 365 * 1_440
        assert {each.outcome for each in others[: -len(caught)]} <= {FireOutcome.MISSED}


def test_a_stretch_ends_where_jitter_could_reach_into_the_window(sleeper: Sleeper) -> None:
    config = {"cron": "* * * * * *", "catchUp": "latest", "jitter": "10m", "catchUpWindow": "1m"}
    with sleeper.after(YEAR, **config) as runtime:
        runtime.advance("11m")

        stretch, *others = sleeper.fires(runtime)
        assert stretch.through is not None
        assert stretch.through <= START + YEAR - timedelta(minutes=11)
        dues = [stretch.through + number * SECOND for number in range(1, len(others) + 1)]
        assert [each.due for each in others] == dues
        assert stretch.instants == (stretch.through - stretch.due) // SECOND + 1
        assert others[-1].due >= START + YEAR


def test_a_pause_of_a_year_is_one_row_of_that_reason(sleeper: Sleeper) -> None:
    with sleeper.after(SECOND / 2, cron="* * * * * *", catchUp="latest") as runtime:
        runtime.pause_schedule(sleeper.key).get()
        runtime.clock.jump(YEAR)
        runtime.resume_schedule(sleeper.key).get()
        runtime.advance("1s")

        stretch = sleeper.fires(runtime)[0]
        assert (stretch.outcome, stretch.reason) == (FireOutcome.MISSED, FireReason.PAUSED)
        assert stretch.through is not None
        assert stretch.instants == (stretch.through - stretch.due) // SECOND + 1
