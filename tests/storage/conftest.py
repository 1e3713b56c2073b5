"""A new database file, its writer, its journal, and readers beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from quarterjack.storage.database import Address, Readers, Writer
from quarterjack.storage.journal import Journal
from quarterjack.storage.migrate import migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "q.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    opened = Writer(Address(f"sqlite:///{path}"))
    migrate(opened.connection)
    yield opened
    opened.close()


@pytest.fixture
def journal(writer: Writer) -> Journal:
    return Journal(writer)


@pytest.fixture
def readers(writer: Writer, path: Path) -> Iterator[Readers]:
    opened = Readers(path)
    yield opened
    opened.close()
