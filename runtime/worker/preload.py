"""Imported by the process that workers are forked from, and by nobody else: gets that process ready.

It has what every worker needs imported, a session of its own (so that a terminal's Ctrl-C and hang-up
don't reach it), leaves SIGTERM to the server, and ends the workers when the server is gone, even those
that can't notice it themselves.
"""

import atexit
import os
import signal
import sys
from multiprocessing import forkserver
from types import FrameType

from ..process_tree import children_of, end_tree
from . import serving

__all__ = ["serving"]


def _end_workers(pid: int) -> None:
    if os.getpid() != pid:
        return
    for each in children_of(pid):
        try:
            leads = os.getpgid(each) == each
        except ProcessLookupError:
            continue
        if leads:  # others were not made by us
            end_tree(each)


def _ignore(*_: object) -> None:
    """A handler, not SIG_IGN: that would be inherited by what steps start."""


def _is_forkserver() -> bool:
    """Whether this is imported by the process that workers are forked from."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code is not forkserver.main.__code__:
        frame = frame.f_back
    return frame is not None


if _is_forkserver():
    os.setsid()
    signal.signal(signal.SIGTERM, _ignore)
    atexit.register(_end_workers, os.getpid())
