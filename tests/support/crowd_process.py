"""Many WebSocket clients in a process of their own, started and asked by a test."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import live_crowd

_SECONDS = 200


class Crowd:
    """Clients in a process of their own."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, live_crowd.__file__, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def result(self, newest: int = 0, since: int = 0) -> dict[str, Any]:
        """What they got, up to that event, and how late after `since`; they are gone then."""
        out, _ = self.process.communicate(b"%d %d\n" % (since, newest), timeout=_SECONDS)
        found: dict[str, Any] = json.loads(out)
        return found


@contextmanager
def crowd(*arguments: object) -> Iterator[Crowd]:
    """As many as the arguments say, until they are gone."""
    found = Crowd(*arguments)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.communicate()
