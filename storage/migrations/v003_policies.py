"""What the policies of schedules remember: pauses, runs, failures in a row, jitter. Frozen."""

import sqlite3

STATEMENTS = (
    'ALTER TABLE "schedules" ADD COLUMN "next_due" INTEGER',
    'ALTER TABLE "schedules" ADD COLUMN "resumed_at" INTEGER',
    'ALTER TABLE "schedules" ADD COLUMN "runs" INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE "schedules" ADD COLUMN "failures_in_row" INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE "fires" ADD COLUMN "instants" INTEGER NOT NULL DEFAULT 1',
    'ALTER TABLE "fires" ADD COLUMN "jitter" INTEGER NOT NULL DEFAULT 0',
    'UPDATE "schedules" SET "next_due" = "next_fire"',
    """
    UPDATE "schedules" SET "runs" = (
        SELECT COUNT(*) FROM "executions"
        WHERE "executions"."schedule_id" = "schedules"."id" AND "executions"."due" IS NOT NULL
    )
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Add the columns to a database of the second schema, and fill in what is known."""
    for statement in STATEMENTS:
        connection.execute(statement)
