"""The first schema. Frozen: a change of the tables is another migration."""

import sqlite3

STATEMENTS = (
    """
    CREATE TABLE "executions" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "workflow_id" TEXT NOT NULL,
        "schedule_id" TEXT,
        "status" TEXT NOT NULL,
        "trigger" TEXT NOT NULL,
        "scheduled_time" INTEGER NOT NULL,
        "due" INTEGER,
        "queued_at" INTEGER NOT NULL,
        "started_at" INTEGER,
        "ended_at" INTEGER,
        "priority" INTEGER NOT NULL,
        "params" BLOB NOT NULL,
        "context" BLOB NOT NULL,
        "options" BLOB NOT NULL,
        "result" BLOB,
        "error" BLOB,
        "retry_of" TEXT,
        "boot_id" TEXT
    )
    """,
    """
    CREATE UNIQUE INDEX "executions_by_schedule_id_due" ON "executions" ("schedule_id", "due")
    """,
    """
    CREATE INDEX "executions_by_schedule_id_queued_at" ON "executions" ("schedule_id", "queued_at")
    """,
    """
    CREATE INDEX "executions_by_workflow_id_queued_at" ON "executions" ("workflow_id", "queued_at")
    """,
    """
    CREATE INDEX "executions_by_status_queued_at" ON "executions" ("status", "queued_at")
    """,
    """
    CREATE INDEX "executions_by_queued_at_id" ON "executions" ("queued_at", "id")
    """,
    """
    CREATE TABLE "attempts" (
        "execution_id" TEXT NOT NULL,
        "step" TEXT NOT NULL,
        "number" INTEGER NOT NULL,
        "started_at" INTEGER NOT NULL,
        "ended_at" INTEGER,
        "error" BLOB,
        PRIMARY KEY ("execution_id", "step", "number"),
        FOREIGN KEY ("execution_id") REFERENCES "executions" ("id") ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE "events" (
        "seq" INTEGER NOT NULL PRIMARY KEY,
        "type" TEXT NOT NULL,
        "schedule_id" TEXT,
        "workflow_id" TEXT,
        "execution_id" TEXT,
        "timestamp" INTEGER NOT NULL,
        "data" BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE "fires" (
        "schedule_id" TEXT NOT NULL,
        "due" INTEGER NOT NULL,
        "decided_at" INTEGER NOT NULL,
        "outcome" TEXT NOT NULL,
        "reason" TEXT,
        "execution_id" TEXT,
        "blocked_by" TEXT,
        "through" INTEGER,
        PRIMARY KEY ("schedule_id", "due")
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE "schedules" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "workflow_id" TEXT NOT NULL,
        "name" TEXT NOT NULL,
        "description" TEXT NOT NULL,
        "status" TEXT NOT NULL,
        "note" TEXT NOT NULL,
        "schedule_config" BLOB NOT NULL,
        "execution_config" BLOB NOT NULL,
        "metadata" BLOB NOT NULL,
        "version" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "updated_at" INTEGER NOT NULL,
        "next_fire" INTEGER,
        "last_execution_at" INTEGER,
        "last_error" BLOB,
        "executions" INTEGER NOT NULL DEFAULT 0,
        "succeeded" INTEGER NOT NULL DEFAULT 0,
        "failed" INTEGER NOT NULL DEFAULT 0,
        "duration_sum" INTEGER NOT NULL DEFAULT 0,
        "last_duration" INTEGER
    )
    """,
    """
    CREATE INDEX "schedules_by_workflow_id" ON "schedules" ("workflow_id")
    """,
    """
    CREATE INDEX "schedules_by_status_next_fire" ON "schedules" ("status", "next_fire")
    """,
    """
    CREATE INDEX "schedules_by_created_at_id" ON "schedules" ("created_at", "id")
    """,
    """
    CREATE TABLE "steps" (
        "execution_id" TEXT NOT NULL,
        "name" TEXT NOT NULL,
        "status" TEXT NOT NULL,
        "result" BLOB,
        "progress" BLOB,
        PRIMARY KEY ("execution_id", "name"),
        FOREIGN KEY ("execution_id") REFERENCES "executions" ("id") ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Make the tables and indexes in an empty database."""
    for statement in STATEMENTS:
        connection.execute(statement)
