"""Tokens, what was done with them, and the answers to requests that may be repeated. Frozen."""

import sqlite3

STATEMENTS = (
    """
    CREATE TABLE "tokens" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "name" TEXT NOT NULL,
        "digest" BLOB NOT NULL,
        "prefix" TEXT NOT NULL,
        "role" TEXT NOT NULL,
        "workflows" BLOB,
        "created_at" INTEGER NOT NULL,
        "expires_at" INTEGER,
        "revoked_at" INTEGER,
        "last_used_at" INTEGER
    )
    """,
    'CREATE UNIQUE INDEX "tokens_by_digest" ON "tokens" ("digest")',
    'CREATE INDEX "tokens_by_created_at_id" ON "tokens" ("created_at", "id")',
    """
    CREATE TABLE "audit" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "at" INTEGER NOT NULL,
        "token_id" TEXT,
        "token_name" TEXT,
        "role" TEXT NOT NULL,
        "address" TEXT NOT NULL,
        "action" TEXT NOT NULL,
        "schedule_id" TEXT,
        "workflow_id" TEXT,
        "execution_id" TEXT,
        "status" INTEGER NOT NULL,
        "request_id" TEXT,
        "detail" BLOB
    )
    """,
    'CREATE INDEX "audit_by_at_id" ON "audit" ("at", "id")',
    'CREATE INDEX "audit_by_schedule_id" ON "audit" ("schedule_id", "at", "id")',
    'CREATE INDEX "audit_by_token_id" ON "audit" ("token_id", "at", "id")',
    'CREATE INDEX "audit_by_action" ON "audit" ("action", "at", "id")',
    """
    CREATE TABLE "idempotent_requests" (
        "caller" TEXT NOT NULL,
        "method" TEXT NOT NULL,
        "path" TEXT NOT NULL,
        "key" TEXT NOT NULL,
        "digest" BLOB NOT NULL,
        "planned_id" TEXT NOT NULL,
        "status" INTEGER,
        "headers" BLOB,
        "answer" BLOB,
        "at" INTEGER NOT NULL,
        PRIMARY KEY ("caller", "method", "path", "key")
    )
    """,
    'CREATE INDEX "idempotent_requests_by_at" ON "idempotent_requests" ("at")',
)


def apply(connection: sqlite3.Connection) -> None:
    """Add the tables."""
    for statement in STATEMENTS:
        connection.execute(statement)
