"""Which trace an execution belongs to, and an event that leads to some. Frozen."""

import sqlite3

STATEMENTS = (
    'ALTER TABLE "executions" ADD COLUMN "traceparent" TEXT',
    'ALTER TABLE "deliveries" ADD COLUMN "traceparent" TEXT',
)


def apply(connection: sqlite3.Connection) -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        connection.execute(statement)
