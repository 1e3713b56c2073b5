"""SQL written once with peewee and run many times: building a query costs 100 µs, running it 5.

move = Statement(lambda s: ScheduleRow.update(next_fire=s("at")).where(ScheduleRow.id == s("id")))
connection.execute(move.sql, move.bind({"at": 17, "id": "sch_1"}))
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from peewee import Model, Node, SqliteDatabase, Value


class _Slot(NamedTuple):
    name: str


Slot = Callable[[str], Node]
_SQLITE = SqliteDatabase(None)


def _slot(name: str) -> Node:
    return Value(_Slot(name), converter=False, unpack=False)


class Statement:
    """A compiled query with named slots; what is bound must be in its stored form already."""

    def __init__(self, build: Callable[[Slot], Any]) -> None:
        sql, parts = build(_slot).bind(_SQLITE).sql()
        self.sql: str = sql
        self._parts = tuple(parts)

    def bind(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in the order in which the SQL wants them."""
        return tuple(values[part.name] if type(part) is _Slot else part for part in self._parts)


def insert(model: type[Model]) -> Statement:
    """A plain INSERT with a slot named like each column."""
    return Statement(lambda slot: model.insert(_all_columns(model, slot)))


def upsert(model: type[Model]) -> Statement:
    """An INSERT that replaces the other columns of a row with the same primary key."""
    key = list(model._meta.get_primary_keys())
    names = {field.name for field in key}
    rest = [field for field in model._meta.sorted_fields if field.name not in names]
    return Statement(
        lambda slot: model.insert(_all_columns(model, slot)).on_conflict(
            conflict_target=key, preserve=rest
        )
    )


def columns(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in their stored form, by column name; a missing one is NULL."""
    return {
        field.column_name: field.db_value(values.get(field.column_name))
        for field in model._meta.sorted_fields
    }


def _all_columns(model: type[Model], slot: Slot) -> dict[Any, Node]:
    return {field: slot(field.column_name) for field in model._meta.sorted_fields}
