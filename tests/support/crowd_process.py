"""Many WebSocket clients in a process of their own, started and asked by a test."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import live_crowd
import pytest

_SECONDS = 200
_SPARE = 200
"""Files that a process has open besides those of its clients."""


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

    def result(self, newest: int = 0) -> dict[str, Any]:
        """What they got, up to that event; they are gone then."""
        out, _ = self.process.communicate(b"%d\n" % newest, timeout=_SECONDS)
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


def need_files(count: int) -> None:
    """Skip the test where a process may not have so many connections open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count + _SPARE:
        pytest.skip(f"{count} connections need `ulimit -Hn` {count + _SPARE}; here it is {most}")
