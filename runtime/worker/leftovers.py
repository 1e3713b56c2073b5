"""Ends what a step has started and left behind: children, and theirs, also when they are daemons.

The worker is the reaper of its descendants (Linux: `PR_SET_CHILD_SUBREAPER`), so what a step has
daemonised becomes the worker's own child, and asking the kernel for children finds it.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Final

from ..process_tree import children_of, descendants

_SUBREAPER: Final = 36
_SECONDS: Final = 1.0
_PAUSE: Final = 0.002


class Leftovers:
    """What was there when this was made (an import may have started something) is left alone."""

    def __init__(self) -> None:
        if sys.platform == "linux":
            with suppress(OSError, AttributeError):
                ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        self._kept = frozenset(children_of(os.getpid()) if _has_children() else ())

    def end(self) -> bool:
        """Kill and reap them; False when some would not go within a second."""
        if not _has_children():
            return True
        end, pause = time.monotonic() + _SECONDS, threading.Event()
        while others := [pid for pid in children_of(os.getpid()) if pid not in self._kept]:
            if time.monotonic() > end:
                return False
            for pid in others:
                for each in (*descendants(pid), pid):
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(each, signal.SIGKILL)
                _reap(pid)
            pause.wait(_PAUSE)
        return True


def _has_children() -> bool:
    """Asks the kernel: some microseconds, where looking through `/proc` takes a millisecond."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
