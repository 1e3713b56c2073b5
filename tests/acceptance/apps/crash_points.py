"""The workflow `mixed`, in a server that kills itself at the place DIE_AT when the file DIE_NOW is there.

The file says how often the place is passed before.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loads import mixed

from quarterjack.actors.broadcaster import Broadcaster
from quarterjack.actors.messages import Announce
from quarterjack.runtime.runners import ThreadRunner
from quarterjack.storage.journal import Journal
from quarterjack.storage.transaction import Transaction

_PLACE, _NOW = os.environ["DIE_AT"], Path(os.environ["DIE_NOW"])


def _pass(place: str) -> None:
    if place != _PLACE or not _NOW.exists():
        return
    left = int(_NOW.read_text())
    if not left:
        _NOW.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    _NOW.write_text(str(left - 1))


def _with(method: Callable[..., Any], *, before: str = "", after: str = "") -> Callable[..., Any]:
    def passing(*arguments: Any) -> Any:
        _pass(before)
        found = method(*arguments)
        _pass(after)
        return found

    return passing


Transaction.finish = _with(Transaction.finish, after="before the commit")  # type: ignore[method-assign]
Journal._together = _with(Journal._together, after="after the commit")  # type: ignore[method-assign]
ThreadRunner.submit = _with(ThreadRunner.submit, before="before a step")  # type: ignore[method-assign]
_announce = _with(
    Broadcaster.handlers[Announce], before="before it is told", after="after it is told"
)
Broadcaster.handlers = {**Broadcaster.handlers, Announce: _announce}

__all__ = ["mixed"]
