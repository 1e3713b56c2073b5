"""Databases as the code of each schema version wrote them, and as a kill left them; kept as SQL text."""

import sqlite3
from contextlib import closing
from pathlib import Path

RELEASED = sorted((Path(__file__).parents[1] / "storage" / "released").glob("v*.sql"))


def restored(file: Path, text: Path) -> None:
    """Make the database that the text was taken from."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(text.read_text(encoding="utf-8"))
