"""How what is no number and no text lies in a column: instants, dates, plain data."""

from datetime import date, datetime
from typing import Any

from peewee import BigIntegerField, BlobField, IntegerField

from .calendar_days import pack_days, unpack_days
from .instants import from_micros, to_micros
from .plain_data import Packed, pack, unpack
from .records import CalendarDays


class InstantField(BigIntegerField):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    def db_value(self, value: datetime | None) -> int | None:
        return None if value is None else to_micros(value)

    def python_value(self, value: int | None) -> datetime | None:
        return None if value is None else from_micros(value)


class PackedField(BlobField):
    """Plain data, stored as msgpack; null stays null."""

    def db_value(self, value: Any) -> bytes | None:
        return value if value is None or type(value) is Packed else pack(value)

    def python_value(self, value: bytes | None) -> Any:
        return None if value is None else unpack(value)


class DateField(IntegerField):
    """A date, stored as its number of days since the year 1."""

    def db_value(self, value: date | None) -> int | None:
        return None if value is None else value.toordinal()

    def python_value(self, value: int | None) -> date | None:
        return None if value is None else date.fromordinal(value)


class DaysField(BlobField):
    """The days of a calendar."""

    def db_value(self, value: CalendarDays) -> bytes:
        return pack_days(value)

    def python_value(self, value: bytes) -> CalendarDays:
        return unpack_days(bytes(value))
