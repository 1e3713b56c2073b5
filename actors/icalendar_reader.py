"""A process that reads one iCalendar text and ends: what it may take of time and memory is bounded.

Started as `python -m quarterjack.actors.icalendar_reader SINCE THROUGH SECONDS BYTES` with the text on
standard input; it may use so many seconds of a processor, and so many bytes of address space. Writes
JSON lines: `{"at": EVENT}` for each event it comes to, and at the end `{"name": …, "days": […]}` or
`{"wrong": …}`.
"""

import json
import resource
import sys
from datetime import date
from typing import Any

from .policies.calendar_days import entries_of
from .policies.icalendar_days import event_days
from .policies.icalendar_text import IcalendarError


def main() -> None:
    """Read, and say what came of it."""
    since, through = (date.fromisoformat(each) for each in sys.argv[1:3])
    _bound_itself(*map(int, sys.argv[3:]))
    try:
        raw = sys.stdin.buffer.read()
        found = event_days(raw, since, through, lambda event: _say({"at": event}))
    except IcalendarError as error:
        _say({"wrong": str(error)})
    else:
        _say({"name": found.name, "days": entries_of(found.days)})


def _bound_itself(seconds: int, size: int) -> None:
    for limit, amount in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, size),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        most = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(limit, (most, hard))


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
