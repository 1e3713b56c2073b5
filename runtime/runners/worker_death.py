"""How a worker process ended, in words; and the error when none could be started."""

import signal
from typing import Final

from quarterjack.storage import QuarterjackError

_HINTS: Final = {
    signal.SIGKILL: "; if nobody did that on purpose, the machine was out of memory",
    signal.SIGXCPU: "; it ran out of CPU time",
}


class WorkersNotStarted(QuarterjackError):
    """The worker processes for steps could not be started; the message says why."""


def ending(exit_code: int | None) -> str:
    """A sentence without its subject.

    >>> ending(1), ending(-11)
    ('ended with exit code 1', 'was killed by signal 11 (SIGSEGV)')
    """
    if exit_code is None:
        return "closed its connection to the server"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        number = signal.Signals(-exit_code)
    except ValueError:
        return f"was killed by signal {-exit_code}"
    return f"was killed by signal {-exit_code} ({number.name}){_HINTS.get(number, '')}"
