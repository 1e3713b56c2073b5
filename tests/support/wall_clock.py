"""The wall clock of a server process, set while it runs: by libfaketime, which reads a file for it.

Monotonic time is not touched, as when somebody sets the clock of a machine.
"""

import os
from pathlib import Path

import pytest

_PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


def _library() -> str:
    found = [each for place in _PLACES for each in Path("/").glob(place[1:])]
    if not found:
        pytest.skip("libfaketime is not there: apt-get install libfaketime")
    return str(found[0])


class WallClock:
    """Of the servers that are started with its `env`; what it says is as `faketime` writes it."""

    def __init__(self, folder: Path, says: str = "+0") -> None:
        self._file = folder / "clock"
        self.set(says)
        self.env = {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, says: str) -> None:
        """Such as `+2h`, `-90m`, `+0 x1.0005`, or `@2038-01-19 03:14:00` for a start."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{says}\n", encoding="ascii")
        os.replace(new, self._file)  # noqa: PTH105 – whoever reads it sees the old or the new one
