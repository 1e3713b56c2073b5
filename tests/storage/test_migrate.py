"""The schema: applied at the start, equal to what the tables say, refused when newer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import takewhile
from typing import Any

import pytest
from peewee import SqliteDatabase

from quarterjack.storage import DatabaseError
from quarterjack.storage.access_tables import ACCESS_TABLES
from quarterjack.storage.calendar_days import pack_days
from quarterjack.storage.migrate import MIGRATIONS, NEWEST, Migration, migrate, version_of
from quarterjack.storage.migrations import v001_initial, v005_deliveries
from quarterjack.storage.plain_data import pack
from quarterjack.storage.statistics_tables import STATISTICS_TABLES
from quarterjack.storage.tables import TABLES


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield opened


def _shape(connection: sqlite3.Connection) -> dict[str, Any]:
    """Columns, keys and indexes of each table, however they were made."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {name: (_columns(connection, name), _indexes(connection, name)) for (name,) in tables}


def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return sorted((name, kind.upper(), required, key) for _, name, kind, required, _, key in rows)


def _indexes(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    found = []
    for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})").fetchall():
        columns = connection.execute(f"PRAGMA index_info({name})").fetchall()
        found.append((unique, origin, tuple(column for _, _, column in columns)))
    return sorted(found)


def test_the_migrations_make_what_the_tables_declare(connection: sqlite3.Connection) -> None:
    migrate(connection)
    declared = SqliteDatabase(":memory:")
    tables = (*TABLES, *ACCESS_TABLES, *STATISTICS_TABLES)
    with declared.bind_ctx(tables), declared.connection_context():
        declared.create_tables(tables)
        expected = _shape(declared.connection())

    assert _shape(connection) == expected


def test_migrating_again_changes_nothing(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = list(connection.iterdump())

    migrate(connection)

    assert version_of(connection) == NEWEST
    assert list(connection.iterdump()) == before


def test_a_new_database_is_as_one_that_went_through_every_step(
    connection: sqlite3.Connection,
) -> None:
    migrate(connection)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as old:
        for step in MIGRATIONS:
            step.apply(old)
        assert list(connection.iterdump()) == list(old.iterdump())


def test_a_newer_database_is_refused_and_left_alone(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {NEWEST + 1}")

    with pytest.raises(DatabaseError, match=f"version {NEWEST + 1}.*up to {NEWEST}"):
        migrate(connection)
    assert version_of(connection) == NEWEST + 1
    assert list(connection.iterdump()) == ["BEGIN TRANSACTION;", "COMMIT;"]


def test_somebody_else_s_database_is_refused(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE recipes (name)")

    with pytest.raises(DatabaseError, match="none of Quarterjack's"):
        migrate(connection)


def test_a_step_that_fails_leaves_nothing_behind(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(database: sqlite3.Connection) -> None:
        v001_initial.apply(database)
        raise ZeroDivisionError

    monkeypatch.setattr("quarterjack.storage.migrate.MIGRATIONS", (Migration(1, broken),))

    with pytest.raises(ZeroDivisionError):
        migrate(connection)
    assert version_of(connection) == 0
    assert list(connection.iterdump()) == ["BEGIN TRANSACTION;", "COMMIT;"]


def test_schedules_that_wait_for_events_are_found_again(connection: sqlite3.Connection) -> None:
    for older in takewhile(lambda each: each.apply is not v005_deliveries.apply, MIGRATIONS):
        older.apply(connection)
    for key, config in (("sch_1", {"event": "go"}), ("sch_2", {"cron": ["* * * * *"]})):
        connection.execute(
            "INSERT INTO schedules (id, workflow_id, name, description, status, note, "
            "schedule_config, execution_config, metadata, version, created_at, updated_at) "
            "VALUES (?, 'w', '', '', 'active', '', ?, ?, ?, 1, 0, 0)",
            (key, pack(config), pack({}), pack({})),
        )

    v005_deliveries.apply(connection)

    found = connection.execute("SELECT id, event FROM schedules ORDER BY id").fetchall()
    assert found == [("sch_1", "go"), ("sch_2", None)]


def test_calendars_that_schedules_name_already_exist_afterwards(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("quarterjack.storage.migrate.MIGRATIONS", MIGRATIONS[:5])
        migrate(connection)
    for key, config in [
        ("sch_1", {"cron": ["@daily"], "exclude": ["2026-12-25", "calendar:bank"]}),
        ("sch_2", {"cron": ["@daily"], "exclude": ["calendar:bank", "calendar:moving"]}),
        ("sch_3", {"manual": True}),
    ]:
        connection.execute(
            """
            INSERT INTO schedules (id, workflow_id, name, description, status, note, schedule_config,
                                   execution_config, metadata, version, created_at, updated_at)
            VALUES (?, 'w', 'n', '', 'active', '', ?, ?, ?, 1, 0, 0)
            """,
            (key, pack(config), pack({}), pack({})),
        )

    migrate(connection)

    found = connection.execute("SELECT name, source, version, days FROM calendars ORDER BY name")
    assert found.fetchall() == [
        ("bank", "dates", 1, pack_days(())),
        ("moving", "dates", 1, pack_days(())),
    ]
