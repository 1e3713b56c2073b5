"""What a step finds around it, put back after each: a step can't surprise the next one by accident.

Put back are the working directory, the environment, the umask, signal handlers and alarms, the locale,
the root logger's level and handlers, and the seed of `random`.
Not put back: what a step changes in modules, and threads that it leaves behind.
"""

import locale
import logging
import os
import signal
from contextlib import suppress

from .reseeded import reseed


class Surroundings:
    """As they are when this is made; on the main thread."""

    def __init__(self) -> None:
        self._folder = os.getcwd()  # noqa: PTH109  # as text, to be compared after each step
        self._environ = dict(os.environ)
        self._umask = _umask()
        self._handlers = {each: signal.getsignal(each) for each in signal.valid_signals()}
        self._locale = locale.setlocale(locale.LC_ALL)
        root = logging.getLogger()
        self._level, self._log_handlers = root.level, list(root.handlers)

    def put_back(self) -> None:
        """Undo what differs."""
        self._put_back_folder()
        if os.environ != self._environ:
            os.environ.clear()
            os.environ.update(self._environ)
        os.umask(self._umask)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each, handler in self._handlers.items():
            if signal.getsignal(each) != handler and handler is not None:
                with suppress(OSError, ValueError):
                    signal.signal(each, handler)
        if locale.setlocale(locale.LC_ALL) != self._locale:
            locale.setlocale(locale.LC_ALL, self._locale)
        root = logging.getLogger()
        root.setLevel(self._level)
        root.handlers[:] = self._log_handlers
        reseed()

    def _put_back_folder(self) -> None:
        try:
            if os.getcwd() == self._folder:  # noqa: PTH109
                return
        except OSError:  # the folder that the step went to is gone
            pass
        with suppress(OSError):
            os.chdir(self._folder)


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found
