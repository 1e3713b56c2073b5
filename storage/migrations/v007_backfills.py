"""Backfills, and which executions they have made. Frozen."""

import sqlite3

STATEMENTS = (
    """
    CREATE TABLE "backfills" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "schedule_id" TEXT NOT NULL,
        "start" INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        "overlap" TEXT NOT NULL,
        "max_concurrency" INTEGER NOT NULL,
        "priority" INTEGER NOT NULL,
        "params" BLOB NOT NULL,
        "total" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "cancelled_at" INTEGER
    )
    """,
    """
    CREATE INDEX "backfills_by_schedule_id_created_at_id"
    ON "backfills" ("schedule_id", "created_at", "id")
    """,
    'ALTER TABLE "executions" ADD COLUMN "backfill_id" TEXT',
    """
    CREATE INDEX "executions_by_backfill_id_retry_of_status"
    ON "executions" ("backfill_id", "retry_of", "status")
    WHERE "backfill_id" IS NOT NULL
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Add the table and the column."""
    for statement in STATEMENTS:
        connection.execute(statement)
