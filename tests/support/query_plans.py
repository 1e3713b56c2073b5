"""How SQLite goes about the statements of a read."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from quarterjack.storage.database import Readers


def plans(readers: Readers, path: Path, query: Callable[..., Any], *arguments: Any) -> list[str]:
    """Each line of the plans of all statements that the read runs."""
    seen: list[str] = []

    def run(reader: Any) -> None:
        connection = reader.connection()
        connection.set_trace_callback(seen.append)
        try:
            query(reader, *arguments)
        finally:
            connection.set_trace_callback(None)

    readers.submit(run).result(timeout=30)
    connection = sqlite3.connect(path)
    try:
        return [line for statement in dict.fromkeys(seen) for line in _plan(connection, statement)]
    finally:
        connection.close()


def whole_tables(found: list[str]) -> list[str]:
    """Those lines that say that a table is read from one end to the other, without an index."""
    return [
        line
        for line in found
        if line.startswith("SCAN ") and " INDEX " not in line and "SCAN (" not in line
    ]


def _plan(connection: sqlite3.Connection, statement: str) -> Iterator[str]:
    for *_, line in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
        yield line
