"""Webhooks, and what became of each event that one of them wants. Frozen."""

import sqlite3

STATEMENTS = (
    """
    CREATE TABLE "webhooks" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "url" TEXT NOT NULL,
        "description" TEXT NOT NULL,
        "topics" BLOB NOT NULL,
        "workflow_ids" BLOB NOT NULL,
        "schedule_id" TEXT,
        "enabled" INTEGER NOT NULL,
        "disabled_reason" TEXT NOT NULL,
        "secret" BLOB NOT NULL,
        "cursor" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "updated_at" INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE "webhook_deliveries" (
        "webhook_id" TEXT NOT NULL REFERENCES "webhooks" ("id") ON DELETE CASCADE,
        "seq" INTEGER NOT NULL,
        "event_type" TEXT NOT NULL,
        "status" TEXT NOT NULL,
        "body" BLOB NOT NULL,
        "created_at" INTEGER NOT NULL,
        "attempts" INTEGER NOT NULL,
        "next_attempt_at" INTEGER,
        "attempted_at" INTEGER,
        "last_status" INTEGER,
        "last_error" TEXT,
        "duration" INTEGER,
        "delivered_at" INTEGER,
        PRIMARY KEY ("webhook_id", "seq")
    )
    """,
    """
    CREATE INDEX "webhook_deliveries_by_webhook_id_created_at_seq"
    ON "webhook_deliveries" ("webhook_id", "created_at", "seq")
    """,
    """
    CREATE INDEX "webhook_deliveries_by_webhook_id_next_attempt_at"
    ON "webhook_deliveries" ("webhook_id", "next_attempt_at")
    WHERE "next_attempt_at" IS NOT NULL
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Add the tables."""
    for statement in STATEMENTS:
        connection.execute(statement)
