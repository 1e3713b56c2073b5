"""The journal beside bare SQLite with the same durability (WAL, `synchronous=FULL`)."""

import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from perf.harness import Scenario, Size, Subject, stopwatch
from quarterjack.storage import (
    Event,
    Execution,
    ExecutionId,
    ExecutionStatus,
    RunOptions,
    Trigger,
    WorkflowId,
)
from quarterjack.storage.database import Address, Writer
from quarterjack.storage.journal import Journal
from quarterjack.storage.migrate import migrate
from quarterjack.storage.schedule_changes import RecordRun

BATCH = 100
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def journal(size: Size) -> float:
    """Executions recorded durably per second, each with an event, in batches of 100."""
    batches = size.of(100, 5)
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Address(f"sqlite:///{folder}/q.db"))
        try:
            migrate(writer.connection)
            books = Journal(writer)
            changes = [
                [queued_run(batch * BATCH + number) for number in range(BATCH)]
                for batch in range(batches)
            ]
            with stopwatch() as watch:
                for each in changes:
                    books.commit(each)
        finally:
            writer.close()
    return watch.rate(batches * BATCH)


def single_rows(size: Size) -> float:
    """Bare rows per second, each in a transaction of its own."""
    count = size.of(1_000, 50)
    with tempfile.TemporaryDirectory() as folder, closing(_bare(folder)) as database:
        with stopwatch() as watch:
            for number in range(count):
                database.execute("INSERT INTO t VALUES (?, ?)", (number, b"x" * 100))
        return watch.rate(count)


def batches(size: Size) -> float:
    """Bare rows per second in batches of 100, the raw limit."""
    count = size.of(200, 5)
    with tempfile.TemporaryDirectory() as folder, closing(_bare(folder)) as database:
        with stopwatch() as watch:
            for batch in range(count):
                rows = [(batch * BATCH + number, b"x" * 100) for number in range(BATCH)]
                database.execute("BEGIN IMMEDIATE")
                database.executemany("INSERT INTO t VALUES (?, ?)", rows)
                database.execute("COMMIT")
        return watch.rate(count * BATCH)


def queued_run(number: int) -> RecordRun:
    """An execution to be recorded, with its event."""
    key, workflow = ExecutionId(f"exe_{number:020}"), WorkflowId("w")
    execution = Execution(
        id=key,
        workflow_id=workflow,
        schedule_id=None,
        status=ExecutionStatus.QUEUED,
        trigger=Trigger.API,
        scheduled_time=_NOW,
        due=None,
        queued_at=_NOW,
        priority=5,
        params={},
        context={},
        options=RunOptions(),
    )
    told = Event("workflow.started", _NOW, None, workflow, key, {"trigger": "api"})
    return RecordRun(execution, [told])


def _bare(folder: str) -> sqlite3.Connection:
    database = sqlite3.connect(Path(folder, "bare.db"), isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB)")
    return database


SCENARIOS = (
    Scenario(
        "commit",
        "durable executions with their events",
        "1/s",
        higher_is_better=True,
        ours=Subject("journal, groups of 100", journal),
        others=(
            Subject("SQLite, row by row", single_rows),
            Subject("SQLite, batches of 100", batches),
        ),
        floor=0.5,
    ),
)
