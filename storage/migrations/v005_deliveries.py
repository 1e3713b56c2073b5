"""Events on their way to the schedules that wait for them, and the chains that they make. Frozen."""

import sqlite3

import msgpack

STATEMENTS = (
    'ALTER TABLE "schedules" ADD COLUMN "event" TEXT',
    'ALTER TABLE "executions" ADD COLUMN "chain" BLOB',
    """
    CREATE INDEX "schedules_by_event" ON "schedules" ("event") WHERE "event" IS NOT NULL
    """,
    """
    CREATE TABLE "deliveries" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "name" TEXT NOT NULL,
        "key" TEXT NOT NULL,
        "payload" BLOB,
        "at" INTEGER NOT NULL,
        "chain" BLOB NOT NULL,
        "source" TEXT,
        "listeners" BLOB NOT NULL,
        "answer" BLOB NOT NULL,
        "idempotency_key" TEXT,
        "digest" BLOB,
        "done_at" INTEGER
    )
    """,
    'CREATE UNIQUE INDEX "deliveries_by_at" ON "deliveries" ("at")',
    'CREATE INDEX "deliveries_by_done_at" ON "deliveries" ("done_at")',
    """
    CREATE UNIQUE INDEX "deliveries_by_name_idempotency_key"
    ON "deliveries" ("name", "idempotency_key")
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Add columns and table to a database of the schema before, and fill in what is known."""
    for statement in STATEMENTS:
        connection.execute(statement)
    schedules = connection.execute('SELECT "id", "schedule_config" FROM "schedules"').fetchall()
    for key, config in schedules:
        event = msgpack.unpackb(config).get("event")
        if event is not None:
            connection.execute('UPDATE "schedules" SET "event" = ? WHERE "id" = ?', (event, key))
