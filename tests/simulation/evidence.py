"""What is stored at the end, read with SQL from the file, as plain rows."""

import sqlite3
from collections import defaultdict
from typing import Any, NamedTuple

import msgpack


class ExecutionRow(NamedTuple):
    """One execution; instants in microseconds."""

    id: str
    workflow: str
    schedule: str | None
    status: str
    trigger: str
    due: int | None
    queued: int
    started: int | None
    ended: int | None
    retry_of: str | None
    stop_reason: str | None
    number: int
    """In the order in which they were stored."""
    parent: str | None
    parent_step: str | None
    backfill: str | None
    params: dict[str, Any]
    result: Any


class StepRow(NamedTuple):
    """One step of an execution."""

    execution: str
    name: str
    status: str
    result: Any


class AttemptRow(NamedTuple):
    """One attempt of a step; `error` is its type."""

    execution: str
    step: str
    number: int
    started: int
    ended: int | None
    error: str | None


class FireRow(NamedTuple):
    """One row of the ledger."""

    schedule: str
    due: int
    decided: int
    outcome: str
    reason: str | None
    execution: str | None
    blocked_by: str | None
    through: int | None
    instants: int
    jitter: int
    """By how much it was put off."""

    @property
    def late(self) -> int:
        """How much later than it was to be it was decided."""
        return self.decided - self.due - self.jitter


class EventRow(NamedTuple):
    """One event of the outbox."""

    seq: int
    type: str
    schedule: str | None
    workflow: str | None
    execution: str | None
    at: int
    data: dict[str, Any]


class BackfillRow(NamedTuple):
    """One backfill."""

    id: str
    schedule: str
    start: int
    end: int
    overlap: str
    limit: int
    total: int
    created: int
    cancelled: int | None


class ScheduleRow(NamedTuple):
    """One schedule's state and counters."""

    id: str
    status: str
    executions: int
    succeeded: int
    failed: int
    runs: int


class Evidence:
    """All tables at one moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        def rows(query: str) -> list[Any]:
            return connection.execute(query).fetchall()

        self.faults = [text for (text,) in rows("PRAGMA integrity_check") if text != "ok"]
        self.faults += [str(row) for row in rows("PRAGMA foreign_key_check")]
        self.executions = {
            row[0]: ExecutionRow._make([*row, _unpacked(params), _unpacked(result)])
            for *row, params, result in rows(
                "SELECT id, workflow_id, schedule_id, status, trigger, due, queued_at, started_at, "
                "ended_at, retry_of, stop_reason, rowid, parent_id, parent_step, backfill_id, params, result "
                "FROM executions ORDER BY queued_at, id"
            )
        }
        self.children: defaultdict[tuple[str, str], list[ExecutionRow]] = defaultdict(list)
        for each in sorted(self.executions.values(), key=lambda each: each.number):
            if each.parent is not None and each.parent_step is not None:
                self.children[each.parent, each.parent_step].append(each)
        self.steps: defaultdict[str, dict[str, StepRow]] = defaultdict(dict)
        for key, name, status, result in rows(
            "SELECT execution_id, name, status, result FROM steps"
        ):
            self.steps[key][name] = StepRow(key, name, status, _unpacked(result))
        self.attempts: defaultdict[tuple[str, str], list[AttemptRow]] = defaultdict(list)
        for *row, error in rows(
            "SELECT execution_id, step, number, started_at, ended_at, error FROM attempts "
            "ORDER BY execution_id, step, number"
        ):
            kind = None if error is None else msgpack.unpackb(error)[0]
            key, step, number, started, ended = row
            self.attempts[key, step].append(AttemptRow(key, step, number, started, ended, kind))
        self.fires: defaultdict[str, list[FireRow]] = defaultdict(list)
        for row in rows(
            "SELECT schedule_id, due, decided_at, outcome, reason, execution_id, blocked_by, "
            "through, instants, jitter FROM fires ORDER BY schedule_id, due"
        ):
            self.fires[row[0]].append(FireRow(*row))
        self.events = [
            EventRow(*row)._replace(data=_unpacked(row[-1]))
            for row in rows(
                "SELECT seq, type, schedule_id, workflow_id, execution_id, timestamp, data "
                "FROM events ORDER BY seq"
            )
        ]
        self.schedules = {
            row[0]: ScheduleRow(*row)
            for row in rows(
                "SELECT id, status, executions, succeeded, failed, runs FROM schedules ORDER BY id"
            )
        }
        self.backfills = {
            row[0]: BackfillRow(*row)
            for row in rows(
                'SELECT id, schedule_id, start, "end", overlap, max_concurrency, total, created_at, '
                "cancelled_at FROM backfills ORDER BY id"
            )
        }
        self.hours = rows("SELECT * FROM workflow_hours")

    def log(self) -> bytes:
        """All events, a line each, byte for byte the same for the same run."""
        return b"".join(f"{event!r}\n".encode() for event in self.events)


def _unpacked(packed: bytes | None) -> Any:
    return None if packed is None else msgpack.unpackb(packed)
