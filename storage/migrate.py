"""Brings any older database to the newest schema at start, or refuses a newer one.

All steps that are missing run in one transaction together with the version number: a database is of the
version that it was, or of the newest. A new one gets at once what all steps come to.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from typing import NamedTuple

from .errors import DatabaseError
from .fault_kinds import is_damage
from .migrations import (
    v001_initial,
    v002_waits,
    v003_policies,
    v004_facts,
    v005_deliveries,
    v006_calendars,
    v007_backfills,
    v008_tokens,
    v009_webhooks,
    v010_traces,
    v011_statistics,
    v012_views,
)


class Migration(NamedTuple):
    """One step of the schema's history."""

    version: int
    apply: Callable[[sqlite3.Connection], None]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, v001_initial.apply),
    Migration(2, v002_waits.apply),
    Migration(3, v003_policies.apply),
    Migration(4, v004_facts.apply),
    Migration(5, v005_deliveries.apply),
    Migration(6, v006_calendars.apply),
    Migration(7, v007_backfills.apply),
    Migration(8, v008_tokens.apply),
    Migration(9, v009_webhooks.apply),
    Migration(10, v010_traces.apply),
    Migration(11, v011_statistics.apply),
    Migration(12, v012_views.apply),
)
NEWEST = MIGRATIONS[-1].version


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of a database; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def known_version(connection: sqlite3.Connection) -> int:
    """The schema version, if this program can go on from it; 0 for a new database.

    Raises `DatabaseError` when the database is newer than this program, or not Quarterjack's.
    """
    found = version_of(connection)
    if found > NEWEST:
        raise DatabaseError(
            f"The database has schema version {found}, this program knows up to {NEWEST}; "
            "start a newer Quarterjack, or give it another database."
        )
    if found == 0 and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise DatabaseError(
            "The database has tables, but none of Quarterjack's; give it a file of its own."
        )
    return found


def migrate(connection: sqlite3.Connection) -> None:
    """Apply the steps that are missing. Raises `DatabaseError`; nothing is changed then."""
    found = known_version(connection)
    missing = [each for each in MIGRATIONS if each.version > found]
    if not missing:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if found == 0:
            for statement in _whole_schema(MIGRATIONS):
                connection.execute(statement)
        else:
            for migration in missing:
                migration.apply(connection)
        connection.execute(f"PRAGMA user_version = {missing[-1].version}")
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:  # SQLite may have ended it itself: a full disk does
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise DatabaseError(
                f"The database can't be brought from schema version {found} to {NEWEST}: {error}. "
                "It is as it was."
            ) from error
        raise


@cache
def _whole_schema(steps: tuple[Migration, ...]) -> tuple[str, ...]:
    """The statements that make what those steps come to in a new database."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        for step in steps:
            step.apply(empty)
        made = empty.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        )
        return tuple(sql for (sql,) in made)
