"""SQL written once with peewee and run many times: building a query costs 100 µs, running it 5.

move = Statement(lambda s: ScheduleRow.update(next_fire=s("at")).where(ScheduleRow.id == s("id")))
connection.execute(move.sql, move.bind({"at": 17, "id": "sch_1"}))
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from peewee import SQL, Field, Model, Node, Select, SqliteDatabase, Value, fn


class _Slot(NamedTuple):
    name: str


Slot = Callable[[str], Node]
_SQLITE = SqliteDatabase(None)


def named_slot(name: str) -> Node:
    """A place in a query for a value that is bound later, in its stored form."""
    return Value(_Slot(name), converter=False, unpack=False)


def listed(keys: Node) -> Node:
    """The values of a JSON list, for `in_`: many keys are one value, so the statement stays the same."""
    return Select([fn.json_each(keys)], [SQL("value")])


class Statement:
    """A query with named slots, compiled when it is first used; what is bound must be in its stored form."""

    def __init__(self, build: Callable[[Slot], Any]) -> None:
        self._build = build

    @cached_property
    def sql(self) -> str:
        """As SQLite is given it."""
        return self._compiled[0]

    @cached_property
    def _compiled(self) -> tuple[str, Sequence[Any]]:
        sql, parts = self._build(named_slot).bind(_SQLITE).sql()
        return sql, parts

    @cached_property
    def _constants(self) -> dict[Any, Any]:
        return {
            place: part for place, part in enumerate(self._compiled[1]) if type(part) is not _Slot
        }

    @cached_property
    def _pick(self) -> Callable[[Mapping[Any, Any]], tuple[Any, ...]]:
        return _picker(
            [
                part.name if type(part) is _Slot else place
                for place, part in enumerate(self._compiled[1])
            ]
        )

    def bind(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in the order in which the SQL wants them."""
        return self._pick({**values, **self._constants} if self._constants else values)


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
        name: None if (value := values.get(name)) is None else stored(value)
        for name, stored in _stored_forms(model)
    }


@cache
def _stored_forms(model: type[Model]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Each column's name, and what makes the stored form of a value that is not NULL."""
    return tuple((field.column_name, _stored_form(field)) for field in model._meta.sorted_fields)


def _stored_form(field: Field) -> Callable[[Any], Any]:
    plain = type(field).db_value is Field.db_value
    form: Callable[[Any], Any] = field.adapt if plain else field.db_value
    return form


def _picker(keys: Sequence[Any]) -> Callable[[Mapping[Any, Any]], tuple[Any, ...]]:
    """What takes the values of those keys out of a mapping, in their order."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda values: tuple(values[key] for key in keys)


def _all_columns(model: type[Model], slot: Slot) -> dict[Any, Node]:
    return {field: slot(field.column_name) for field in model._meta.sorted_fields}
