"""iCalendar texts to days: read in a process of its own, one text at a time. Blocks the caller's thread."""

import json
import os
import subprocess
import sys
import threading
from datetime import date
from multiprocessing import spawn
from typing import Any, Final, NamedTuple

from quarterjack.actors.engine import MailboxFull
from quarterjack.actors.policies.calendar_days import days_of
from quarterjack.storage import CalendarDays, InvalidInput

LARGEST: Final = 1_048_576
"""Bytes of a text."""
YEARS_BACK: Final = 2
YEARS_AHEAD: Final = 10
"""Whole calendar years before and after the current one for which repetitions are looked up."""
CPU_SECONDS: Final = 8
MEMORY: Final = 2**30
"""Bytes of address space that reading a text may take."""
_READER: Final = "quarterjack.actors.icalendar_reader"
_PATIENCE_SECONDS: Final = 20.0
_TURN_SECONDS: Final = 10.0
_TURN = threading.Lock()


class CalendarText(NamedTuple):
    """What was read: the text itself, what it calls itself, and its days from `since` to `through`."""

    text: str
    name: str
    days: CalendarDays
    since: date
    through: date


def read_calendar(raw: bytes, today: date) -> CalendarText:
    """The days of a text, for the years around today.

    Raises `InvalidInput` that names the line or the event, also when it takes too much; `MailboxFull`
    when others are being read.
    """
    if len(raw) > LARGEST:
        raise _wrong(f"it has {len(raw):,} bytes, over the limit of {LARGEST:,}")
    since = date(max(today.year - YEARS_BACK, date.min.year + 1), 1, 1)
    through = date(min(today.year + YEARS_AHEAD, date.max.year - 1), 12, 31)
    if not _TURN.acquire(timeout=_TURN_SECONDS):
        raise MailboxFull("other calendars are being read; try again later")
    try:
        found = _said(raw, since, through)
    finally:
        _TURN.release()
    return CalendarText(
        raw.decode("utf-8-sig"), found["name"], days_of(found["days"]), since, through
    )


def _said(raw: bytes, since: date, through: date) -> dict[str, Any]:
    """The last thing that the process says, if it is not an error."""
    bounds = (since.isoformat(), through.isoformat(), str(CPU_SECONDS), str(MEMORY))
    command = [spawn.get_executable(), "-P", "-W", "ignore", "-m", _READER, *bounds]
    path = os.pathsep.join(each for each in sys.path if each)
    try:
        done = subprocess.run(
            command,
            input=raw,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise _too_much(late.stdout or b"") from None
    if done.returncode < 0 or b"MemoryError" in done.stderr:
        raise _too_much(done.stdout)
    last = _last(done.stdout)
    if done.returncode != 0 or last is None:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise RuntimeError(f"the process that reads calendars failed: {said[-2_000:]}")
    if "wrong" in last:
        raise _wrong(last["wrong"])
    return last


def _last(output: bytes) -> dict[str, Any] | None:
    complete = output.split(b"\n")[:-1]
    found: dict[str, Any] | None = json.loads(complete[-1]) if complete else None
    return found


def _too_much(output: bytes) -> InvalidInput:
    last = _last(output)
    where = "" if last is None else f" at {last['at']}"
    return _wrong(
        f"reading it took more than {CPU_SECONDS} seconds or {MEMORY >> 20} MB{where}; have its events "
        "repeat less often, begin later or end, or give the days as dates"
    )


def _wrong(problem: str) -> InvalidInput:
    return InvalidInput.field("icalendar", msg=problem)
