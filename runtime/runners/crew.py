"""Keeps so many worker processes warm, and replaces those that end.

A worker that ends before it was ready is replaced after a while, longer each time, so that a module
that can't be imported any more does not keep the machine busy.
"""

import atexit
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ..worker.frames import FromWorker
from ..worker.serving import Setup
from .watch import Watch
from .worker_death import WorkersNotStarted, ending
from .worker_handle import Listener, WorkerHandle

logger = logging.getLogger("quarterjack.runners")
_START_SECONDS: Final = 120.0
_LONGEST_WAIT: Final = 5.0
_FIRST_WAIT: Final = 0.1
_END_SECONDS: Final = 1.0


class Crew:
    """What workers say about steps goes to `listener`, and so does that one is ready or has ended."""

    def __init__(
        self, setup: Setup, size: int, now: Callable[[], datetime], listener: Listener
    ) -> None:
        self._setup = setup
        self._size = size
        self._now = now
        self._listener = listener
        self._workers: set[WorkerHandle] = set()
        self._ready: set[WorkerHandle] = set()
        self._failed = 0
        self._problem = ""
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._watch = Watch("quarterjack-workers")

    def start(self) -> None:
        """All are ready when this returns. Raises `WorkersNotStarted`."""
        atexit.register(self.close)  # before pebble's own way to end workers, which is slow
        try:
            for _ in range(self._size):
                self._start_one()
            with self._changed:
                self._changed.wait_for(
                    lambda: self._problem or len(self._ready) >= self._size, _START_SECONDS
                )
                problem = self._problem
                if not problem and len(self._ready) < self._size:
                    problem = f"not ready after {_START_SECONDS:.0f} s"
        except OSError as error:
            problem = str(error)
        if problem:
            self.close()
            raise WorkersNotStarted(f"the worker processes could not be started: {problem}")

    def close(self) -> None:
        """End all, those that run a step, too; blocks until they are gone."""
        atexit.unregister(self.close)
        with self._changed:
            if self._closed.is_set():
                return
            self._closed.set()
            workers = list(self._workers)
        for worker in workers:
            worker.release()
        end = time.monotonic() + _END_SECONDS
        for worker in workers:
            if not worker.gone.wait(max(0.0, end - time.monotonic())):
                worker.kill()
        for worker in workers:
            worker.gone.wait(_LONGEST_WAIT)
        self._watch.close()

    def heard(self, worker: WorkerHandle, kind: str, values: list[Any]) -> None:
        """What a worker said."""
        if kind == FromWorker.READY:
            with self._changed:
                self._ready.add(worker)
                self._failed = 0
                self._changed.notify_all()
        elif kind == FromWorker.UNABLE:
            self._say(f"{values[0]}: {values[1]}")
        self._listener.heard(worker, kind, values)

    def ended(self, worker: WorkerHandle, exit_code: int | None) -> None:
        """One has ended."""
        was_ready = worker in self._ready
        with self._changed:
            self._workers.discard(worker)
            self._ready.discard(worker)
        self._listener.ended(worker, exit_code)
        if not was_ready:
            self._failed += 1
            self._say(f"a worker {ending(exit_code)} before it was ready")
        if not self._closed.is_set():
            threading.Thread(
                target=self._replace, name="quarterjack-worker-start", daemon=True
            ).start()

    def _say(self, problem: str) -> None:
        logger.error("a worker process can't be used: %s", problem)
        with self._changed:
            self._problem = self._problem or problem
            self._changed.notify_all()

    def _replace(self) -> None:
        while True:
            wait = min(_FIRST_WAIT * 2 ** min(self._failed, 16), _LONGEST_WAIT)
            if self._failed and self._closed.wait(wait):
                return
            try:
                self._start_one()
            except OSError as error:
                self._failed += 1
                logger.error("%s; trying again", error)
                continue
            return

    def _start_one(self) -> None:
        worker = WorkerHandle(self._setup, self._watch, self._now, self)
        with self._changed:
            if self._closed.is_set():
                return
            self._workers.add(worker)
        try:
            worker.start()
        except OSError:
            with self._changed:
                self._workers.discard(worker)
            raise
        if self._closed.is_set():
            worker.kill()
