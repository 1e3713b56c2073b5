"""Counts by hour and by day, filled from the executions and the fire ledger. Frozen.

What is left of a schedule that was deleted belongs to the workflow of its newest execution; if it has
none, nobody can ask for it, and it is not counted.
"""

import math
import sqlite3

_COUNTS = """
    "succeeded" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "timed_out" INTEGER NOT NULL DEFAULT 0,
    "cancelled" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "missed" INTEGER NOT NULL DEFAULT 0
"""
TABLES = (
    f"""
    CREATE TABLE "workflow_hours" (
        "hour" INTEGER NOT NULL,
        "workflow_id" TEXT NOT NULL,
        {_COUNTS},
        PRIMARY KEY ("hour", "workflow_id")
    ) WITHOUT ROWID
    """,
    """
    CREATE INDEX "workflow_hours_by_workflow_id_hour" ON "workflow_hours" ("workflow_id", "hour")
    """,
    f"""
    CREATE TABLE "schedule_days" (
        "schedule_id" TEXT NOT NULL,
        "day" INTEGER NOT NULL,
        "workflow_id" TEXT NOT NULL,
        {_COUNTS},
        "duration_sum" INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY ("schedule_id", "day", "workflow_id")
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE "workflow_durations" (
        "workflow_id" TEXT NOT NULL,
        "day" INTEGER NOT NULL,
        "bucket" INTEGER NOT NULL,
        "executions" INTEGER NOT NULL DEFAULT 0,
        "duration_sum" INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY ("workflow_id", "day", "bucket")
    ) WITHOUT ROWID
    """,
)
HAPPENED = """
    CREATE TEMP TABLE "happened" AS
    SELECT "schedule_id", "workflow_id", "ended_at" AS "at",
        "status" = 'succeeded' AS "succeeded", "status" = 'failed' AS "failed",
        "status" = 'timedOut' AS "timed_out", "status" = 'cancelled' AS "cancelled",
        CASE "status" WHEN 'skipped' THEN 1 ELSE 0 END AS "skipped", 0 AS "missed",
        CASE "status" WHEN 'succeeded'
            THEN max(0, "ended_at" - coalesce("started_at", "ended_at")) ELSE 0 END AS "duration"
    FROM "executions" WHERE "ended_at" IS NOT NULL
    UNION ALL
    SELECT "schedule_id", coalesce(
            (SELECT "workflow_id" FROM "schedules" WHERE "id" = "fires"."schedule_id"),
            (SELECT "workflow_id" FROM "executions"
                WHERE "executions"."schedule_id" = "fires"."schedule_id"
                ORDER BY "queued_at" DESC LIMIT 1)
        ), "due", 0, 0, 0, 0,
        CASE "outcome" WHEN 'skipped' THEN "instants" ELSE 0 END,
        CASE "outcome" WHEN 'missed' THEN "instants" ELSE 0 END, 0
    FROM "fires" WHERE "outcome" IN ('skipped', 'missed')
"""
FILL = (
    HAPPENED,
    """
    INSERT INTO "workflow_hours"
    SELECT hour_of("at"), "workflow_id", sum("succeeded"), sum("failed"), sum("timed_out"),
        sum("cancelled"), sum("skipped"), sum("missed")
    FROM "happened" WHERE "workflow_id" IS NOT NULL GROUP BY 1, 2
    """,
    """
    INSERT INTO "schedule_days"
    SELECT "schedule_id", day_of("at"), "workflow_id", sum("succeeded"), sum("failed"),
        sum("timed_out"), sum("cancelled"), sum("skipped"), sum("missed"), sum("duration")
    FROM "happened" WHERE "workflow_id" IS NOT NULL AND "schedule_id" IS NOT NULL GROUP BY 1, 2, 3
    """,
    """
    INSERT INTO "workflow_durations"
    SELECT "workflow_id", day_of("at"), bucket_of("duration"), count(*), sum("duration")
    FROM "happened" WHERE "succeeded" GROUP BY 1, 2, 3
    """,
    'DROP TABLE "happened"',
)
_HOUR = 3_600_000_000
_WIDTH = math.log(1.1)


def _hour(micros: int) -> int:
    return micros // _HOUR * _HOUR


def _day(micros: int) -> int:
    return micros // (24 * _HOUR) + 719_163  # days since the year 1


def _bucket(micros: int) -> int:
    return 0 if micros < 1 else 1 + math.floor(math.log(micros) / _WIDTH)


def apply(connection: sqlite3.Connection) -> None:
    """Add the tables, and fill them."""
    for statement in TABLES:
        connection.execute(statement)
    functions = (("hour_of", _hour), ("day_of", _day), ("bucket_of", _bucket))
    for name, function in functions:
        connection.create_function(name, 1, function, deterministic=True)
    try:
        for statement in FILL:
            connection.execute(statement)
    finally:
        for name, _ in functions:
            connection.create_function(name, 1, None)
