"""How many starts are allowed in which time. Pure.

`10/min` means: in any stretch of a minute, wherever it begins, at most 10 start. Instants are whole
microseconds of one clock that never goes back; an instant just a window after another one is not in
the same stretch any more.
"""

import re
from collections import deque
from datetime import timedelta
from typing import Final, NamedTuple

from quarterjack.storage.durations import format_duration, parse_duration

_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"\s*(\d{1,9})\s*/\s*([0-9a-z].*?)\s*", re.ASCII)
_UNITS = {
    timedelta(seconds=1): "s",
    timedelta(minutes=1): "min",
    timedelta(hours=1): "h",
    timedelta(days=1): "d",
}
MOST: Final = 100_000
SHORTEST: Final = timedelta(milliseconds=1)
LONGEST: Final = timedelta(days=1)


class Rate(NamedTuple):
    """At most `starts` of them in any stretch of time as long as `window`."""

    starts: int
    window: timedelta

    @classmethod
    def parse(cls, text: object) -> "Rate":
        """A rate from `"10/min"`, `"5/s"`, `"100/h"`, `"1/10s"`.

        Raises `ValueError` with a sentence that says what is accepted.

        >>> Rate.parse("1/10s")
        Rate(starts=1, window=datetime.timedelta(seconds=10))
        >>> str(Rate.parse("10 / 1 minute"))
        '10/min'
        """
        if isinstance(text, Rate):
            return text
        form = _FORM.fullmatch(text) if isinstance(text, str) else None
        if form is None:
            raise _wrong(text)
        count, span = int(form[1]), form[2]
        try:
            window = parse_duration(span if span[0].isdigit() else f"1{span}")
        except ValueError:
            raise _wrong(text) from None
        if not 1 <= count <= MOST or not SHORTEST <= window <= LONGEST:
            raise ValueError(
                f"a rate is 1 to {MOST:,} starts in a millisecond to a day, not {text!r:.40}"
            )
        return cls(count, window)

    def __str__(self) -> str:
        return f"{self.starts}/{_UNITS.get(self.window) or format_duration(self.window)}"


class RateWindow:
    """The newest starts under a rate: what is needed to say when the next one may be."""

    def __init__(self, rate: Rate) -> None:
        self._length = rate.window // _MICROSECOND
        self._starts: deque[int] = deque(maxlen=rate.starts)

    def record(self, at: int) -> None:
        """There was a start."""
        self._starts.append(at)

    def opens_at(self) -> int | None:
        """The earliest instant for the next start; None: at any."""
        if len(self._starts) < (self._starts.maxlen or 0):
            return None
        return self._starts[0] + self._length


def _wrong(given: object) -> ValueError:
    return ValueError(f'{given!r:.40} is not a rate; write "10/min", "5/s", "100/h" or "1/10s"')
