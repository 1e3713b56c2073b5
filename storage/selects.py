"""Runs a query on a reader: what comes out are plain rows, which `rows.py` makes records of."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from peewee import ModelSelect

from .database import Reader
from .errors import NotFound

Select: TypeAlias = "ModelSelect[Any]"


def rows(reader: Reader, query: Select) -> Iterator[dict[str, Any]]:
    """Each row by column name."""
    return iter(query.bind(reader).dicts())


def tuples(reader: Reader, query: Select) -> Iterator[tuple[Any, ...]]:
    """Each row as it was selected."""
    return iter(query.bind(reader).tuples())


def one(reader: Reader, query: Select, kind: str, key: str) -> dict[str, Any]:
    """The only row. Raises `NotFound`."""
    row = next(rows(reader, query), None)
    if row is None:
        raise NotFound(kind, key)
    return row
