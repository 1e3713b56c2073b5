"""Executions that wait: for an instant, an event or another execution; and what steps wrote. Frozen."""

import sqlite3

STATEMENTS = (
    'ALTER TABLE "executions" ADD COLUMN "parent_id" TEXT',
    'ALTER TABLE "executions" ADD COLUMN "parent_step" TEXT',
    'ALTER TABLE "executions" ADD COLUMN "wake_at" INTEGER',
    'ALTER TABLE "executions" ADD COLUMN "stop_reason" TEXT',
    'ALTER TABLE "steps" ADD COLUMN "wake_at" INTEGER',
    'ALTER TABLE "steps" ADD COLUMN "event" TEXT',
    'ALTER TABLE "steps" ADD COLUMN "event_key" TEXT',
    'ALTER TABLE "steps" ADD COLUMN "child_id" TEXT',
    """
    CREATE INDEX "steps_by_event_event_key" ON "steps" ("event", "event_key")
    WHERE "event" IS NOT NULL
    """,
    """
    CREATE TABLE "outputs" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "execution_id" TEXT NOT NULL,
        "step" TEXT NOT NULL,
        "number" INTEGER NOT NULL,
        "output" BLOB NOT NULL,
        FOREIGN KEY ("execution_id") REFERENCES "executions" ("id") ON DELETE CASCADE
    )
    """,
    """
    CREATE UNIQUE INDEX "outputs_by_execution_id_step_number"
    ON "outputs" ("execution_id", "step", "number")
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Add columns, index and table to a database of the first schema."""
    for statement in STATEMENTS:
        connection.execute(statement)
