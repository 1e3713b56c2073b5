"""The six fields of a cron expression: their ranges and names, and what one stands for. Pure."""

from dataclasses import dataclass
from typing import Final, NamedTuple


class CronError(ValueError):
    """The expression is wrong; `field` names the one that is (None: the whole)."""

    def __init__(self, field: str | None, problem: str) -> None:
        self.field = field
        super().__init__(f"Bad {field}: {problem}" if field else problem)


class FieldKind(NamedTuple):
    """One of the six, by the manual's name."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    highest_hashed: int | None = None
    """Where `H` ends, if not at the highest."""

    @property
    def size(self) -> int:
        """How many different values there are; Sunday is 0 and 7."""
        return 7 if self.names == WEEKDAYS else self.highest - self.lowest + 1

    @property
    def range(self) -> str:
        """As people write it."""
        return f"{self.lowest}–{self.highest}"


MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
SECOND: Final = FieldKind("second", 0, 59)
MINUTE: Final = FieldKind("minute", 0, 59)
HOUR: Final = FieldKind("hour", 0, 23)
DAY: Final = FieldKind("day-of-month", 1, 31, highest_hashed=28)
MONTH: Final = FieldKind("month", 1, 12, MONTHS)
WEEKDAY: Final = FieldKind("day-of-week", 0, 7, WEEKDAYS, highest_hashed=6)
KINDS: Final = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class CronField:
    """One field as it was understood."""

    kind: FieldKind
    text: str
    """In lower case, with what `H` stands for."""
    values: tuple[int, ...]
    """The plain values, in order, Sunday as 0."""
    is_hashed: bool = False
    """Whether `H` was in it."""
    last: bool = False
    """Of a day-of-month: also a month's last day."""
    nearest: int | None = None
    """Of a day-of-month: instead, the working day of the month that is nearest to this day."""
    nth: tuple[tuple[int, int], ...] = ()
    """Of a day-of-week: instead, the nth of these in a month: (weekday, n)."""
    last_of: tuple[int, ...] = ()
    """Of a day-of-week: instead, the last of these weekdays in a month."""

    @property
    def is_starred(self) -> bool:
        """Whether it begins with `*`: a job then follows the clock, and both day fields must match."""
        return self.text.startswith("*")

    @property
    def is_any(self) -> bool:
        """Whether it is `*`."""
        return self.is_starred and len(self.values) == self.kind.size

    @property
    def is_special(self) -> bool:
        """Whether it chooses days by more than their number."""
        return self.nearest is not None or bool(self.nth) or bool(self.last_of)

    @property
    def plain(self) -> str:
        """The same in forms that every cron library reads alike."""
        if self.is_any:
            return "*"
        items = [self.text.partition(",")[0]] if self.is_starred else []
        items += map(str, self.values) if self.nearest is None else [f"{self.nearest}w"]
        items += ["l"] if self.last else []
        items += [f"{weekday}#{n}" for weekday, n in self.nth]
        items += [f"l{weekday}" for weekday in self.last_of]
        return ",".join(items)


def ever_comes(day: CronField, month: CronField) -> bool:
    """Whether one of the months ever has one of the days: no month has a 30 February."""
    longest = max(_LONGEST[each - 1] for each in month.values)
    return day.last or day.is_special or day.values[0] <= longest
