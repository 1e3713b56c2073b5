"""The worker's end of its channel: a thread that hears the server while the main thread runs a step.

Ending a step hits that attempt only: what is to be ended is compared, under a lock, with what runs.
First the worker's process group gets SIGTERM, which raises `Cancelled` in the step, so that its
`finally` blocks run; what has not ended after half a second is killed, and the worker with it.
When the server is gone, so is the worker.
"""

import os
import queue
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from ..process_tree import end_tree
from .frames import FrameBuffer, FromServer, frame

GRACE_SECONDS: Final = 0.5
_PIECE: Final = 65_536


class Cancelled(BaseException):
    """The step was cancelled, or ran out of time."""


@dataclass(slots=True)
class Job:
    """An attempt that the server gave to this worker."""

    serial: int
    fields: list[Any]
    cancelled: threading.Event = field(default_factory=threading.Event)


class Channel:
    """Made on the main thread, which takes jobs with `next_job` and sends."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._sending = threading.Lock()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._current: Job | None = None
        self._interrupting = False
        self._deaf = False
        self._heard = False
        self._handlers: dict[str, Callable[..., None]] = {
            FromServer.RUN: self._run,
            FromServer.CANCEL: self._cancel,
        }

    def open(self) -> None:
        """Hear the server from now on."""
        signal.signal(signal.SIGTERM, self._on_term)
        threading.Thread(target=self._hear, name="quarterjack-channel", daemon=True).start()

    def send(self, kind: str, *values: Any) -> None:
        """Tell the server; from any thread. A server that has gone away is noticed elsewhere."""
        said = frame(kind, *values)
        on_main = threading.current_thread() is threading.main_thread()
        if on_main:
            self._deaf = True  # half a frame would be worse than a `Cancelled` that is late
        try:
            with self._sending, suppress(OSError):
                self._socket.sendall(said)
        finally:
            if on_main:
                self._deaf = False
        if on_main and self._interrupting and self._heard:
            self._raise()

    def next_job(self) -> Job | None:
        """Wait for the next one; None: there will be none."""
        return self._jobs.get()

    def finish(self) -> None:
        """The job has ended: too late to cancel it, and no more `Cancelled` from here on."""
        while True:
            try:
                with self._lock:
                    self._current = None
                self._interrupting = False
            except Cancelled:
                continue
            return

    def leave(self) -> None:
        """End the process soon, also when a thread that a step left behind would keep it."""
        threading.Thread(target=self._end_soon, name="quarterjack-end", daemon=True).start()

    def _hear(self) -> None:
        buffer = FrameBuffer()
        while piece := self._piece():
            for kind, *values in buffer.feed(piece):
                self._handlers[kind](*values)
        self._end()

    def _piece(self) -> bytes:
        try:
            return self._socket.recv(_PIECE)
        except OSError:
            return b""

    def _run(self, serial: int, fields: list[Any]) -> None:
        job = Job(serial, fields)
        with self._lock:
            self._current = job
        self._jobs.put(job)

    def _cancel(self, serial: int) -> None:
        with self._lock:
            job = self._current
            if job is None or job.serial != serial or job.cancelled.is_set():
                return
            job.cancelled.set()
            self._interrupting = True
        with suppress(OSError):
            os.killpg(0, signal.SIGTERM)
        # That one may have reached any thread; this one also interrupts what the main thread waits for.
        ident = threading.main_thread().ident
        if ident is not None:
            signal.pthread_kill(ident, signal.SIGTERM)
        timer = threading.Timer(GRACE_SECONDS, self._kill, [job])
        timer.daemon = True
        timer.start()

    def _kill(self, job: Job) -> None:
        with self._lock:
            if self._current is job:
                end_tree(os.getpid())

    def _end(self) -> None:
        """The server has closed the channel, or is gone."""
        with self._lock:
            if self._current is not None:
                end_tree(os.getpid())
        self._jobs.put(None)
        self._end_soon()

    def _end_soon(self) -> None:
        threading.Event().wait(GRACE_SECONDS)
        end_tree(os.getpid())

    def _on_term(self, *_: object) -> None:
        """On the main thread. A SIGTERM from elsewhere (such as systemd's, to all) is the server's."""
        self._heard = True
        if self._interrupting and not self._deaf:
            self._raise()

    def _raise(self) -> None:
        self._interrupting = False
        raise Cancelled("the step was cancelled, or ran out of time")
