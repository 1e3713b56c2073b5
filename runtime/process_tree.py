"""Ends a process with all that it has started, also what has left its process group.

Descendants are read from `/proc`; where there is none, the process group is all that is ended.
"""

import os
import signal
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def descendants(pid: int) -> list[int]:
    """The children of a process, theirs, and so on."""
    children = _children()
    found, left = list[int](), [pid]
    while left:
        more = children.get(left.pop(), [])
        found += more
        left += more
    return found


def children_of(pid: int) -> list[int]:
    """The direct children of a process."""
    return _children().get(pid, [])


def end_tree(pid: int) -> None:
    """Kill a process, its process group if it leads one, and its descendants."""
    others = descendants(pid)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for each in (pid, *others):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(each, signal.SIGKILL)


def _children() -> dict[int, list[int]]:
    found = defaultdict[int, list[int]](list)
    for folder in _folders():
        with suppress(OSError, ValueError, IndexError):
            stat = (_PROC / folder / "stat").read_bytes()
            parent = int(stat.rpartition(b")")[2].split()[1])
            found[parent].append(int(folder))
    return found


def _folders() -> list[str]:
    try:
        return [name for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208  # fast
    except OSError:
        return []
