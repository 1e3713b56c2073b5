"""What the dashboard reads first, with a long history beside a short one: it comes from indexes."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from perf.harness import Scenario, Size, Subject, stopwatch
from quarterjack.storage import RunOptions
from quarterjack.storage.attention import survey
from quarterjack.storage.database import Address, Reader, Writer
from quarterjack.storage.instants import to_micros
from quarterjack.storage.migrate import migrate
from quarterjack.storage.plain_data import pack
from quarterjack.storage.queries import ExecutionFilter, PageRequest, executions
from quarterjack.storage.rows import packed_options
from quarterjack.storage.running import running
from quarterjack.storage.schedule_summaries import SummaryFilter, schedule_summaries

SCHEDULES, LONG, SHORT = 1_000, 1_000_000, 30_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTE = 60_000_000
_SCHEDULES_SQL = """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO schedules (id, workflow_id, name, description, status, note, schedule_config,
        execution_config, metadata, version, created_at, updated_at, next_due, next_fire)
    SELECT printf('sch_%08d', i), 'w' || (i % 50), 'Schedule ' || i, '', 'active', '', :rule,
        :empty, :empty, 1, i, i, :next, :next FROM n
"""
_EXECUTIONS_SQL = """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO executions (id, workflow_id, schedule_id, status, trigger, scheduled_time, due,
        queued_at, started_at, ended_at, priority, params, context, options)
    SELECT printf('exe_%08d', i), 'w' || (i % :schedules % 50), printf('sch_%08d', i % :schedules),
        iif(i % 20, 'succeeded', 'failed'), 'cron', t, t, t, t, t + 500000, 5, :empty, :empty, :options
    FROM (SELECT i, :begin + i * 1000000 AS t FROM n)
"""


def long_history(size: Size) -> float:
    """Views per second with a million executions."""
    return _views(size, size.of(LONG, 20_000))


def short_history(size: Size) -> float:
    """The same with as many as the newest runs of all schedules."""
    return _views(size, size.of(SHORT, 6_000))


def _views(size: Size, history: int) -> float:
    rounds = size.of(20, 3)
    with _database(size.of(SCHEDULES, 200), history) as reader:
        with stopwatch() as watch:
            for _ in range(rounds):
                survey(reader, _NOW)
                schedule_summaries(reader, SummaryFilter(), PageRequest(50), _NOW)
                executions(reader, ExecutionFilter(), PageRequest(50))
                running(reader, PageRequest(50), _NOW)
        return watch.rate(rounds)


@contextmanager
def _database(schedules: int, history: int) -> Iterator[Reader]:
    """So many schedules, with the newest of so many executions a minute ago, one each second before."""
    with tempfile.TemporaryDirectory() as folder:
        address = Address(f"sqlite:///{Path(folder, 'q.db')}")
        writer = Writer(address)
        try:
            migrate(writer.connection)
            _fill(writer.connection, schedules, history)
            yield writer.database
        finally:
            writer.close()


def _fill(connection: sqlite3.Connection, schedules: int, history: int) -> None:
    now, empty = to_micros(_NOW), pack({})
    rule = pack({"cron": "* * * * *", "timezone": "UTC"})
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        _SCHEDULES_SQL, {"count": schedules, "rule": rule, "empty": empty, "next": now + _MINUTE}
    )
    given = {
        "count": history,
        "schedules": schedules,
        "empty": empty,
        "options": packed_options(RunOptions()),
        "begin": now - _MINUTE - history * 1_000_000,
    }
    connection.execute(_EXECUTIONS_SQL, given)
    connection.execute("COMMIT")


SCENARIOS = (
    Scenario(
        "history",
        "what the dashboard's first pages read",
        "1/s",
        higher_is_better=True,
        ours=Subject("a million executions", long_history),
        others=(Subject("thirty thousand executions", short_history),),
        floor=0.3,
    ),
)
