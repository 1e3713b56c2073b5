"""Indexes for what is looked at: lists in other orders, what is open, what was lost. Frozen."""

import sqlite3

STATEMENTS = (
    """
    CREATE INDEX "schedules_by_failures_in_row" ON "schedules" ("failures_in_row")
    WHERE "failures_in_row" >= 2
    """,
    'CREATE INDEX "schedules_by_name_id" ON "schedules" ("name" COLLATE NOCASE, "id")',
    'CREATE INDEX "schedules_by_next_fire_id" ON "schedules" ("next_fire", "id")',
    """
    CREATE INDEX "executions_by_schedule_id_ended_at" ON "executions" ("schedule_id", "ended_at")
    WHERE "ended_at" IS NOT NULL
    """,
    """
    CREATE INDEX "open_executions_by_schedule_id" ON "executions" ("schedule_id", "status")
    WHERE "ended_at" IS NULL
    """,
    """
    CREATE INDEX "open_executions_by_started_at" ON "executions" ("started_at", "id")
    WHERE "ended_at" IS NULL AND "started_at" IS NOT NULL
    """,
    """
    CREATE INDEX "missed_fires_by_decided_at" ON "fires" ("decided_at")
    WHERE "outcome" = 'missed'
    """,
    """
    CREATE INDEX "gaps_by_schedule_id_due" ON "fires" ("schedule_id", "due")
    WHERE "outcome" IN ('skipped', 'missed')
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Add the indexes."""
    for statement in STATEMENTS:
        connection.execute(statement)
