"""What is remembered of the surroundings, such as the version of the time zone data. Frozen."""

import sqlite3

STATEMENTS = (
    """
    CREATE TABLE "facts" (
        "name" TEXT NOT NULL PRIMARY KEY,
        "value" TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)


def apply(connection: sqlite3.Connection) -> None:
    """Make the table in a database of the third schema."""
    for statement in STATEMENTS:
        connection.execute(statement)
