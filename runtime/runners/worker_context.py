"""The multiprocessing context of one worker: forked from a fork server, connected, without `__main__`.

- The fork server is one small process with what all workers need imported; it has none of the
  server's sockets, database handles and threads, so forking from it is safe.
- A worker gets its ends of a channel and of three pipes when it is started. They are its own: no queue
  or lock is shared with others, so one that is killed in the middle of anything harms nobody.
- Multiprocessing imports a program's main module again in each worker. Steps are not defined there
  (`importable` refuses that), so it is left out: the command line would cost memory and time, and a
  script without an `if __name__ == "__main__"` would start itself again.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, Final

from ..worker import serving

_ONE_AT_A_TIME: Final = threading.RLock()
"""Reading an exit code twice at once would give one of the readers a wrong one."""
_PRELOAD: Final = ["quarterjack.runtime.worker.preload", "pebble.pool.process"]


class WorkerProcess(ForkServerProcess):
    """A worker, as multiprocessing sees it."""

    def __init__(self, ends: tuple[Connection, ...], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ends = ends

    def start(self) -> None:
        """Fork it from the fork server, which is started if there is none."""
        with _ONE_AT_A_TIME, _without_main():
            super().start()

    def run(self) -> None:
        """In the worker: connect, then do as the pool says."""
        serving.connect(serving.Ends(*(os.dup(each.fileno()) for each in self._ends)))
        for each in self._ends:
            each.close()
        super().run()

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        with _ONE_AT_A_TIME:
            return super().is_alive()

    @property
    def exitcode(self) -> int | None:
        """How it ended; negative: by that signal."""
        with _ONE_AT_A_TIME:
            return super().exitcode


class WorkerContext(ForkServerContext):
    """For a pool of one worker, which is made once: a worker that has ended is not made again here."""

    def __init__(self, ends: tuple[Connection, ...]) -> None:
        super().__init__()
        self.set_forkserver_preload(_PRELOAD)
        self.process: WorkerProcess | None = None
        self._ends = ends

    def Process(  # type: ignore[override]  # noqa: N802  # as multiprocessing calls it
        self, target: Callable[..., Any], name: str, args: Any, kwargs: Any
    ) -> WorkerProcess:
        """The worker. Raises `OSError` when asked for another one."""
        if self.process is not None:
            raise OSError("this pool's worker has ended")
        self.process = WorkerProcess(self._ends, target=target, name=name, args=args, kwargs=kwargs)
        return self.process


@contextmanager
def _without_main() -> Iterator[None]:
    """Modules that are run as `PACKAGE.__main__` are not imported in workers: be one for a moment."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    main.__spec__ = ModuleSpec("quarterjack.__main__", None)
    try:
        yield
    finally:
        main.__spec__ = spec
