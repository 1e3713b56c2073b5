"""Runs a query on a reader: what comes out are plain rows, which `rows.py` makes records of."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from sqlite3 import Cursor
from typing import Any, Final, TypeAlias

from peewee import Field, ForeignKeyField, ModelSelect

from .database import Reader
from .errors import NotFound
from .statements import Slot, Statement, named_slot

Select: TypeAlias = "ModelSelect[Any]"
MOST_KEYS: Final = 500
"""In one `IN (…)`."""
_PLAIN: Final = (Field.python_value, ForeignKeyField.python_value)
"""What these convert, SQLite gives as it is to be."""


def rows(reader: Reader, query: Select) -> Iterator[dict[str, Any]]:
    """Each row by column name."""
    return iter(query.bind(reader).dicts())


def tuples(reader: Reader, query: Select) -> Iterator[tuple[Any, ...]]:
    """Each row as it was selected."""
    return iter(query.bind(reader).tuples())


def one(reader: Reader, query: Select, kind: str, key: str) -> dict[str, Any]:
    """The only row. Raises `NotFound`."""
    return _only(rows(reader, query), kind, key)


def _only(found: Iterator[dict[str, Any]], kind: str, key: str) -> dict[str, Any]:
    row = next(found, None)
    if row is None:
        raise NotFound(kind, key)
    return row


class PreparedSelect:
    """A query that is asked often: its SQL is built once, at first; what is bound must be in its stored form.

    of_key = PreparedSelect(lambda slot: ScheduleRow.select().where(ScheduleRow.id == slot("id")))
    of_key.rows(reader, {"id": "sch_1"})
    """

    def __init__(self, build: Callable[[Slot], Select]) -> None:
        self._build = build

    @cached_property
    def _query(self) -> Select:
        return self._build(named_slot)

    @cached_property
    def _statement(self) -> Statement:
        return Statement(lambda _: self._query)

    @cached_property
    def _names(self) -> list[str]:
        return [column.name for column in self._query.selected_columns]

    @cached_property
    def _converted(self) -> list[tuple[int, Callable[[Any], Any]]]:
        return [
            (place, column.python_value)
            for place, column in enumerate(self._query.selected_columns)
            if isinstance(column, Field) and type(column).python_value not in _PLAIN
        ]

    def rows(self, reader: Reader, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Each row by column name."""
        for row in self.tuples(reader, values):
            yield dict(zip(self._names, row, strict=True))

    def tuples(self, reader: Reader, values: Mapping[str, Any]) -> Iterator[list[Any]]:
        """Each row as it was selected."""
        statement = self._statement
        cursor: Cursor = reader.execute_sql(statement.sql, statement.bind(values))
        for stored in cursor:
            row = list(stored)
            for place, convert in self._converted:
                row[place] = convert(row[place])
            yield row

    def one(self, reader: Reader, values: Mapping[str, Any], kind: str, key: str) -> dict[str, Any]:
        """The only row. Raises `NotFound`."""
        return _only(self.rows(reader, values), kind, key)
