"""A day of work takes no more memory and no more files at its end than after its first hours."""

import gc
import os
from datetime import timedelta
from pathlib import Path

import pytest
from memory import resident

from quarterjack.runtime import Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage.upkeep import examine, open_to_read

SCHEDULES = 5
WARM_UP = 6


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_after_a_day_memory_and_files_are_as_after_the_first_hours(tmp_path: Path) -> None:
    work, path = Workflow("work"), tmp_path / "q.db"

    @work.step
    def first() -> dict[str, int]:
        return {"rows": 3}

    @work.step
    def second(first: dict[str, int]) -> int:
        return first["rows"]

    taken: list[tuple[int, int]] = []
    with VirtualRuntime(f"sqlite:///{path}", workflows=[work], seed=1) as runtime:
        keys = [
            runtime.create_scheduled_workflow(
                {"workflowId": "work", "name": f"{n}", "scheduleConfig": {"cron": "* * * * *"}}
            ).get()
            for n in range(SCHEDULES)
        ]
        for _ in range(24):
            runtime.advance("1h")
            while runtime.prune(timedelta(hours=1)).get().more:
                pass
            gc.collect()
            taken.append((resident(os.getpid()), len(list(Path("/proc/self/fd").iterdir()))))
        counts = [runtime.get_schedule(key).get().totals.succeeded for key in keys]
        synced = [runtime.sync_schedule_workflow_state(key).get() for key in keys]

    assert counts == [24 * 60] * SCHEDULES
    assert len(synced) == SCHEDULES
    memory, files = taken[WARM_UP]
    assert max(size for size, _ in taken[WARM_UP:]) < memory * 1.05, taken
    assert {count for _, count in taken[WARM_UP:]} == {files}
    reader = open_to_read(path)
    assert examine(reader).faults == []
    reader.close()
