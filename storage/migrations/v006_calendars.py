"""Named calendars of excluded days. Frozen.

What schedules name already becomes a calendar without days, so that all that are named exist.
"""

import re
import sqlite3

import msgpack

STATEMENTS = (
    """
    CREATE TABLE "calendars" (
        "name" TEXT NOT NULL PRIMARY KEY,
        "description" TEXT NOT NULL,
        "source" TEXT NOT NULL,
        "days" BLOB NOT NULL,
        "since" INTEGER,
        "through" INTEGER,
        "icalendar" TEXT,
        "version" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "updated_at" INTEGER NOT NULL
    )
    """,
)
_NO_DAYS = b"\x90"
_NAMED = re.compile(r"calendar:([A-Za-z0-9_.-]{1,100})")


def apply(connection: sqlite3.Connection) -> None:
    """Add the table to a database of the fifth schema."""
    for statement in STATEMENTS:
        connection.execute(statement)
    for config, created_at in connection.execute(
        'SELECT "schedule_config", "created_at" FROM "schedules" ORDER BY "created_at"'
    ).fetchall():
        for entry in msgpack.unpackb(config).get("exclude", ()):
            if named := _NAMED.fullmatch(entry):
                connection.execute(
                    """
                    INSERT INTO "calendars" VALUES (?, '', 'dates', ?, NULL, NULL, NULL, 1, ?, ?)
                    ON CONFLICT DO NOTHING
                    """,
                    (named.group(1), _NO_DAYS, created_at, created_at),
                )
