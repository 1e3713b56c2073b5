"""The grammar of cron expressions: reads one, or says what is wrong with which field of it. Pure.

Fields of crontab(5), with seconds in front when there are six, and `@` names. Beyond it: `L` (a month's
last day), `LW` (its last working day), `15W` (the working day nearest to the 15th), `5L` or `L5` (the
last Friday), `5#3` (the third Friday), and `H` (a value that the seed chooses, see `cron_hash`).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from .cron_fields import (
    DAY,
    KINDS,
    MONTH,
    MONTHS,
    WEEKDAY,
    WEEKDAYS,
    CronError,
    CronField,
    FieldKind,
    ever_comes,
)
from .cron_hash import hashed_range, hashed_value

ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
LONGEST: Final = 256
"""Characters of an expression."""

_ITEM = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]+))?")
_HASHED = re.compile(r"h(?:\(([0-9]+)-([0-9]+)\))?(?:/([0-9]+))?")
_NEAREST = re.compile(r"([0-9]+)w|w([0-9]+)")
_NTH = re.compile(r"([a-z0-9]+)#([0-9]+)")
_LAST = re.compile(r"l([a-z]{3}|[0-9]+)|([a-z]{3}|[0-9]+)l")
_HINTS: Final = (
    (KINDS, r"", "take one comma away"),
    (KINDS, r"\?", "write `*`"),
    (KINDS, r"r(\(.*\))?(/.*)?", "it would be another time at each start; write `H`, which stays"),
    (KINDS, r"h.*", "write `H`, `H/15` or `H(0-29)`"),
    ([DAY], r"l.*|.*w", "`L` is a month's last day, `LW` its last working day"),
    ([WEEKDAY], r"l", "say which day: `5L` is a month's last Friday"),
    ([WEEKDAY], r"(19|20|21)[0-9]{2}", "there is no field for years"),
    ([kind for kind in KINDS if kind is not MONTH], "|".join(MONTHS), "it is a month"),
    ([kind for kind in KINDS if kind is not WEEKDAY], "|".join(WEEKDAYS), "it is a day-of-week"),
)
"""What was probably meant: the fields, what is in them, and what to do."""


@dataclass(slots=True)
class _Found:
    """A field while its items are read, one after the other."""

    kind: FieldKind
    values: list[int] = field(default_factory=list)
    is_hashed: bool = False
    last: bool = False
    nearest: int | None = None
    nth: list[tuple[int, int]] = field(default_factory=list)
    last_of: list[int] = field(default_factory=list)


def parse(text: str, seed: str) -> tuple[CronField, ...]:
    """The six fields of an expression. Raises `CronError`."""
    found = tuple(_field(kind, part, seed) for kind, part in zip(KINDS, _split(text), strict=True))
    _check_days(found[3], found[4], found[5])
    return found


def _split(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise CronError(
            _widest(text),
            f"a cron expression has at most {LONGEST} characters, this has {len(text):,}",
        )
    if not text.isascii():
        raise _not_ascii(text)
    text = text.lower().strip(" \t\r\n")
    if text.startswith("@"):
        text = _alias(text)
    parts = re.split(r"[ \t]+", text) if text else []
    if len(parts) == 5:
        return ["0", *parts]
    if len(parts) == 7:
        raise CronError(
            "year",
            "this has 7 fields, and there is none for years; leave it out "
            "(a schedule has startAt and endAt)",
        )
    if len(parts) != 6:
        raise CronError(
            None, f"a cron expression has 5 fields, or 6 with seconds first; this has {len(parts)}"
        )
    return parts


def _alias(name: str) -> str:
    match name.split()[0]:
        case "@reboot":
            raise CronError(
                None,
                "`@reboot` is no time; make the schedule `manual`, and trigger it "
                "when the machine has started",
            )
        case "@every":
            raise CronError(None, f"`{_shown(name)}` is an `interval` of a schedule, not a `cron`")
    if name not in ALIASES:
        raise CronError(None, f"`{_shown(name)}` is none of {', '.join(ALIASES)}")
    return ALIASES[name]


def _names(parts: int) -> list[str]:
    return [kind.name for kind in KINDS[6 - parts :]] if parts in (5, 6) else []


def _widest(text: str) -> str | None:
    """The field that is too long, if it is one alone."""
    widths = [len(part) for part in text.split(maxsplit=6)]
    names = _names(len(widths))
    return names[widths.index(max(widths))] if names and max(widths) > LONGEST // 2 else None


def _not_ascii(text: str) -> CronError:
    place = next(index for index, sign in enumerate(text) if not sign.isascii())
    before, sign = text[:place], text[place]
    begins = not sign.isspace() and (not before or before[-1].isspace())
    index = max(len(before.split()) - (not begins), 0)
    names = _names(len(text.split()))
    called = unicodedata.name(sign, "a sign without a name").lower()
    return CronError(
        names[index] if index < len(names) else None,
        f"U+{ord(sign):04X} ({called}) is not plain ASCII; type it again",
    )


def _field(kind: FieldKind, text: str, seed: str) -> CronField:
    found = _Found(kind)
    items = [_read_item(found, item, seed) for item in text.split(",")]
    if found.nearest is not None and len(items) > 1:
        raise CronError(kind.name, "`W` stands alone in its field; write two cron lines instead")
    if found.values and (found.nth or found.last_of):
        raise CronError(
            kind.name,
            "`#` and `L` can't be mixed with plain weekdays; write two cron lines instead",
        )
    return CronField(
        kind,
        ",".join(items),
        tuple(sorted({each % 7 if kind is WEEKDAY else each for each in found.values})),
        found.is_hashed,
        found.last,
        found.nearest,
        tuple(dict.fromkeys(found.nth)),
        tuple(dict.fromkeys(found.last_of)),
    )


def _read_item(found: _Found, item: str, seed: str) -> str:
    """Add what an item stands for; its text, with `H` made a number."""
    kind = found.kind
    if hashed := _HASHED.fullmatch(item):
        item = _unhashed(kind, item, hashed, seed)
        found.is_hashed = True
    if kind is DAY and _read_day(found, item):
        return item
    if kind is WEEKDAY and _read_weekday(found, item):
        return item
    found.values.extend(_plain_values(kind, item))
    return item


def _unhashed(kind: FieldKind, item: str, found: re.Match[str], seed: str) -> str:
    first, last, step = found.groups()
    low = kind.lowest if first is None else _number(kind, first)
    high = (kind.highest_hashed or kind.highest) if last is None else _number(kind, last)
    if high < low:
        raise CronError(kind.name, f"the range of `{item}` is reversed; write `H({high}-{low})`")
    if step is None:
        return str(hashed_value(seed, kind.name, low, high))
    return hashed_range(seed, kind.name, low, high, _step(kind, item, step))


def _read_day(found: _Found, item: str) -> bool:
    if item == "l":
        found.last = True
        return True
    if item == "lw":
        found.nearest = 31
        return True
    if nearest := _NEAREST.fullmatch(item):
        found.nearest = _number(DAY, nearest[1] or nearest[2])
        return True
    return False


def _read_weekday(found: _Found, item: str) -> bool:
    if nth := _NTH.fullmatch(item):
        weekday = _number(WEEKDAY, nth[1])
        if nth[2] not in ("1", "2", "3", "4", "5"):
            raise CronError(
                WEEKDAY.name, f"`{_shown(item)}`: after `#` comes which of the month, 1–5"
            )
        found.nth.append((weekday % 7, int(nth[2])))
        return True
    if last := _LAST.fullmatch(item):
        found.last_of.append(_number(WEEKDAY, last[1] or last[2]) % 7)
        return True
    return False


def _plain_values(kind: FieldKind, item: str) -> range:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise _wrong(kind, item, "is not understood")
    first, last, step = found.groups()
    if first == "*" and last is not None:
        raise _wrong(kind, item, "is not understood")
    if first == "*":
        high = 6 if kind is WEEKDAY else kind.highest
        return range(kind.lowest, high + 1, 1 if step is None else _step(kind, item, step))
    low = _number(kind, first)
    if last is None and step is not None:
        raise CronError(
            kind.name,
            f"`{item}` has a step without a range; write `{low}-{kind.highest}/{step}`",
        )
    high = low if last is None else _number(kind, last)
    if high < low:
        raise CronError(kind.name, f"the range `{item}` is reversed; {_turned(kind, low, high)}")
    return range(low, high + 1, 1 if step is None else _step(kind, item, step))


def _turned(kind: FieldKind, low: int, high: int) -> str:
    if kind is WEEKDAY and high == 0:
        return f"write `{low}-7`: Sunday is 7, too"
    return f"write `{high}-{low}`, or `{low}-{kind.highest},{kind.lowest}-{high}` to go round"


def _step(kind: FieldKind, item: str, text: str) -> int:
    step = int(text) if len(text) <= 4 else 0
    if not 1 <= step <= kind.size:
        raise CronError(
            kind.name,
            f"the step of `{_shown(item)}` is not in 1–{kind.size}; "
            "for other distances give the schedule an `interval`",
        )
    return step


def _number(kind: FieldKind, text: str) -> int:
    if text in kind.names:
        return kind.names.index(text) + kind.lowest
    if text.isdigit() and len(text) <= 4 and kind.lowest <= int(text) <= kind.highest:
        return int(text)
    names = f" or {kind.names[0]}–{kind.names[-1]}" if kind.names else ""
    raise _wrong(kind, text, f"is not in {kind.range}{names}")


def _wrong(kind: FieldKind, text: str, problem: str) -> CronError:
    hint = next(
        (
            f"; {hint}"
            for kinds, pattern, hint in _HINTS
            if kind in kinds and re.fullmatch(pattern, text)
        ),
        "",
    )
    return CronError(kind.name, f"`{_shown(text)}` {problem}{hint}")


def _shown(item: str) -> str:
    """So that it is one line, and short."""
    return item[:40].encode("unicode_escape").decode("ascii")


def _check_days(day: CronField, month: CronField, weekday: CronField) -> None:
    for one, other in ((day, weekday), (weekday, day)):
        if one.is_special and not other.is_any:
            raise CronError(
                one.kind.name,
                f"`{one.text}` can't stand beside a restricted {other.kind.name}; make that `*`, "
                "or write two cron lines",
            )
    either = not (day.is_starred or weekday.is_starred)
    if not either and not ever_comes(day, month):
        raise CronError(
            DAY.name,
            f"`{day.text}` never comes in the month `{month.text}`; `L` is a month's last day",
        )
