"""Statistics as they are stored, and as they come out when everything is counted once more."""

import math
import sqlite3
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

Counts = dict[str, dict[tuple[Any, ...], dict[str, int]]]
"""Table → key → what is counted."""
TABLES = {
    "workflow_hours": ("hour", "workflow_id"),
    "schedule_days": ("schedule_id", "day", "workflow_id"),
    "workflow_durations": ("workflow_id", "day", "bucket"),
}
STATUSES = {
    "succeeded": "succeeded",
    "failed": "failed",
    "timedOut": "timed_out",
    "cancelled": "cancelled",
    "skipped": "skipped",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stored_counts(connection: sqlite3.Connection) -> Counts:
    """What the statistics say, without rows of which nothing is left."""
    found: Counts = {}
    for table, key in TABLES.items():
        cursor = connection.execute(f"SELECT * FROM {table}")  # noqa: S608
        names = [name for name, *_ in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        found[table] = {
            tuple(row[name] for name in key): _without_zeros(row, key)
            for row in rows
            if _without_zeros(row, key)
        }
    return found


def recounted(connection: sqlite3.Connection) -> Counts:
    """The same from the executions and the fire ledger, one by one."""
    found: dict[str, dict[tuple[Any, ...], Counter[str]]] = {
        table: defaultdict(Counter) for table in TABLES
    }
    ends = connection.execute(
        "SELECT workflow_id, schedule_id, status, started_at, ended_at FROM executions"
        " WHERE ended_at IS NOT NULL"
    )
    for workflow, schedule, status, started_at, ended_at in ends:
        name, hour, day = STATUSES[status], _hour(ended_at), _day(ended_at)
        found["workflow_hours"][hour, workflow][name] += 1
        spent = 0
        if status == "succeeded":
            spent = max(0, ended_at - started_at)
            bucket = 0 if spent < 1 else 1 + math.floor(math.log(spent) / math.log(1.1))
            found["workflow_durations"][workflow, day, bucket]["executions"] += 1
            found["workflow_durations"][workflow, day, bucket]["duration_sum"] += spent
        if schedule is not None:
            found["schedule_days"][schedule, day, workflow][name] += 1
            found["schedule_days"][schedule, day, workflow]["duration_sum"] += spent
    fires = connection.execute(
        "SELECT workflow_id, schedule_id, outcome, due, instants FROM fires"
        " JOIN schedules ON schedules.id = schedule_id WHERE outcome IN ('skipped', 'missed')"
    )
    for workflow, schedule, outcome, due, instants in fires:
        found["workflow_hours"][_hour(due), workflow][outcome] += instants
        found["schedule_days"][schedule, _day(due), workflow][outcome] += instants
    return {
        table: {key: {name: n for name, n in each.items() if n} for key, each in rows.items()}
        for table, rows in found.items()
    }


def _without_zeros(row: dict[str, Any], key: tuple[str, ...]) -> dict[str, int]:
    return {name: value for name, value in row.items() if name not in key and value}


def _at(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _hour(micros: int) -> int:
    whole = _at(micros).replace(minute=0, second=0, microsecond=0)
    return (whole - EPOCH) // timedelta(microseconds=1)


def _day(micros: int) -> int:
    return _at(micros).toordinal()
