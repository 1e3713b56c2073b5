"""Processes that a line of shell has started, and whether they are still there."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from waiting import eventually

STUBBORN: Final = "trap '' TERM; (trap '' TERM; sleep 60; sleep 60) & echo $$ $! > pids; wait; wait"
"""A command with a child, neither of which heeds SIGTERM; notes both in its folder."""
OBEDIENT: Final = "sh -c 'sleep 60 & echo $$ $! > pids; wait' & wait"
"""A command whose child has a child; notes the last two."""


def noted(folder: Path) -> list[int]:
    """The processes that a line of shell has noted, when it has."""
    pids = folder / "pids"
    return [int(pid) for pid in eventually(lambda: pids.exists() and pids.read_text()).split()]


def lives(pid: int) -> bool:
    """Whether the process is there, and is no zombie that nobody has buried."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (ProcessLookupError, FileNotFoundError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def none_lives(pids: Iterable[int]) -> bool:
    """Whether all of them have ended."""
    return not any(map(lives, pids))
