"""Times and spans as people read them: in the zone of this machine, and from now. Pure."""

from datetime import UTC, datetime
from typing import Any, Final

import click

from quarterjack.storage.durations import parse_duration

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_LONG: Final = 60 * _DAY
_NARROW: Final = 60
"""Columns of a terminal."""


class MomentType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """An instant: how long ago, such as `2h`, or in ISO 8601; without an offset in the local zone."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        from quarterjack.actors.engine.clock import wall_clock

        if isinstance(value, datetime):
            return value
        try:
            return (wall_clock() - parse_duration(value)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r:.60} is no moment; write 2h for two hours ago, or 2026-12-24T18:00",
                param,
                ctx,
            )


def relative(instant: datetime | None, now: datetime) -> str:
    """How long ago, or until then.

    >>> from datetime import timedelta
    >>> noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    >>> [relative(noon - timedelta(seconds=each), noon) for each in (0.2, 50, 4000, 200_000, -90)]
    ['now', '50 s ago', '67 min ago', '2 days ago', 'in 90 s']
    """
    if instant is None:
        return ""
    seconds = (now - instant).total_seconds()
    if abs(seconds) >= _LONG:
        return f"{instant.astimezone():%Y-%m-%d}"
    if abs(seconds) < 1:
        return "now"
    told = _rough(abs(seconds))
    return f"{told} ago" if seconds > 0 else f"in {told}"


def local(instant: datetime | None) -> str:
    """As a clock on the wall here shows it."""
    return "" if instant is None else f"{instant.astimezone():%Y-%m-%d %H:%M:%S}"


def moment_words(instant: datetime | None, now: datetime, width: int | None) -> str:
    """On the clock here and from now; without weekday, year and offset where it is narrow.

    >>> noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    >>> moment_words(noon, noon, 40).endswith("00:00, now")
    True
    """
    if instant is None:
        return ""
    from_now = relative(instant, now)
    if width is not None and width < _NARROW:
        return f"{local(instant)[5:]}, {from_now}"
    return f"{local_with_day(instant)}, {from_now}"


def local_with_day(instant: datetime) -> str:
    """The same with the day of the week and the offset from UTC."""
    here = instant.astimezone()
    offset = f"{here:%z}"
    return f"{here:%a %Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:5]}"


def _rough(seconds: float) -> str:
    for size, unit in ((2 * _DAY, "days"), (2 * _HOUR, "h"), (2 * _MINUTE, "min")):
        if seconds >= size:
            return f"{seconds / (size / 2):.0f} {unit}"
    return f"{seconds:.0f} s"
