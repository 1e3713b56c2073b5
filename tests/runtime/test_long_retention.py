"""With a bound, neither memory nor the file grows, however many executions there are; all stay counted."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from memory import resident

from quarterjack.actors.janitor import GoRound
from quarterjack.runtime import Settings, Workflow
from quarterjack.runtime.testing import VirtualRuntime

EXECUTIONS, WARM_UP, STEP = 200_000, 40_000, 10_000
KEPT = 2_000
IN_MEMORY = Path("/dev/shm")
"""A file system that needs not wait for a disk, a million times."""

quick = Workflow("quick")


@quick.step
def once() -> str:
    return "x" * 200


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_two_hundred_thousand_executions_leave_memory_and_file_as_they_were(
    folder: Path,
) -> None:
    file = folder / "q.db"
    settings = Settings(keep=timedelta(hours=1), max_executions=KEPT)
    with VirtualRuntime(f"sqlite:///{file}", workflows=[quick], settings=settings) as runtime:
        assembly = runtime._running()
        assembly.environment.watch_every = timedelta(minutes=5)
        janitor = assembly.system.find("quarterjack/janitor")
        assert janitor is not None
        janitor.tell(GoRound())
        draft = {"workflowId": "quick", "name": "busy", "scheduleConfig": {"interval": "1s"}}
        key = runtime.create_scheduled_workflow(draft).get()
        seen: list[tuple[int, int]] = []
        for done in range(0, EXECUTIONS, STEP):
            runtime.advance(STEP)
            if done + STEP >= WARM_UP:
                seen.append((resident(os.getpid()), file.stat().st_size))
        runtime.sync_schedule_workflow_state(key).get()
        total = runtime.get_schedule_workflow_status(key).get().schedule.totals.executions
        assert total >= EXECUTIONS - 1
    memory, sizes = zip(*seen, strict=True)
    print(f"memory {min(memory):,} to {max(memory):,}, file {min(sizes):,} to {max(sizes):,} bytes")
    assert max(memory) <= 1.1 * memory[0]
    assert max(sizes) <= 1.1 * sizes[0]
