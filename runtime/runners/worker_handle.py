"""The server's side of one worker process: starts it, talks with it, ends it, says how it ended.

The process is made, waited for and replaced by a `pebble` pool of its own; what is said goes over a
channel that only this worker has. A pool whose worker has ended is thrown away: the worker may have
held the pool's lock.
"""

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any, Final, Protocol

from pebble import ProcessPool

from ..output_tail import OutputTail
from ..process_tree import end_tree
from ..worker import serving
from ..worker.frames import FrameBuffer, FromServer, frame
from .watch import Watch
from .worker_context import WorkerContext, WorkerProcess
from .worker_output import OutputPipe

KILL_SECONDS: Final = 1.0
"""After which a worker that was asked to end its step is killed."""
_PIECE: Final = 2**18
_LOST_TRACK: Final = 255
"""The exit code that multiprocessing makes up when the fork server is gone."""
_LOOPS_END_SECONDS: Final = 0.25
"""In which the pool's threads notice that it was stopped."""


class Listener(Protocol):
    """Whom a worker's handle tells, on the watch's thread."""

    def heard(self, worker: "WorkerHandle", kind: str, values: list[Any]) -> None:
        """The worker said something."""
        ...

    def ended(self, worker: "WorkerHandle", exit_code: int | None) -> None:
        """The process is gone, and all that it said was told. None: nobody knows how it ended."""
        ...


class WorkerHandle:
    """One process, from its start to its end."""

    def __init__(
        self,
        setup: serving.Setup,
        watch: Watch,
        now: Callable[[], datetime],
        listener: Listener,
    ) -> None:
        self._setup = setup
        self._watch = watch
        self._now = now
        self._listener = listener
        self._buffer = FrameBuffer()
        self._unsent = bytearray()
        self._sending = threading.Lock()
        self._serial = 0
        self._socket: socket.socket | None = None
        self._room: int | None = None
        self._pid = 0
        """0: not started yet, or ended; the number may belong to another process then."""
        self.gone = threading.Event()
        """The process has ended, and the pool was thrown away."""

    def start(self) -> None:
        """Start the process. Blocks; raises `OSError` when that is impossible."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        pipes = [os.pipe() for _ in range(3)]
        self._pipes = [
            OutputPipe(pipe[0], name, self._watch, self._now)
            for name, pipe in zip(("stdout", "stderr", "log"), pipes, strict=True)
        ]
        self._files = [pipe[0] for pipe in pipes]
        ends = tuple(Connection(file) for file in (theirs.detach(), *(pipe[1] for pipe in pipes)))
        context = WorkerContext(ends)
        self._pool = ProcessPool(
            max_workers=1,
            max_tasks=1,
            initializer=serving.warm,
            initargs=(self._setup,),
            context=context,
        )
        self._socket = ours
        try:
            self._pool.schedule(serving.serve)
        except (BrokenProcessPool, RuntimeError, OSError) as error:
            self._close_files(ours)
            self._throw_pool_away()
            raise OSError(f"a worker process could not be started: {error!r}") from error
        finally:
            for each in ends:
                each.close()  # so that its end is noticed here
        assert context.process is not None
        self._process: WorkerProcess = context.process
        self._pid = self._process.pid or 0
        self._watch.soon(lambda: self._listen(ours))

    def run(self, serial: int, said: bytes, tail: OutputTail) -> None:
        """Give an idle worker an attempt; never blocks."""
        self._serial = serial
        for pipe in self._pipes:
            pipe.tail = tail
        self._send(said)

    def cancel(self, serial: int) -> None:
        """End that attempt: by asking the worker, and by killing it if it does not answer."""
        self._send(frame(FromServer.CANCEL, serial))
        self._watch.soon(lambda: self._watch.later(KILL_SECONDS, lambda: self._kill_if_at(serial)))

    def finished(self) -> None:
        """The attempt has ended: what it wrote before that is in its tail now."""
        self._serial = 0
        for pipe in self._pipes:
            pipe.drain()
            pipe.tail = None

    def release(self) -> None:
        """Let an idle worker end."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """Kill the process and all that it started."""
        if pid := self._pid:
            end_tree(pid)

    def _kill_if_at(self, serial: int) -> None:
        if self._serial == serial:
            self.kill()

    def _send(self, said: bytes) -> None:
        with self._sending:
            if self._unsent:
                self._unsent += said
                return
            sent = self._sent(said)
            if sent < len(said):
                self._unsent += said[sent:]
                self._watch.soon(self._wait_for_room)

    def _sent(self, said: bytes | bytearray) -> int:
        """How much could be sent; all of it, when there is nobody any more."""
        assert self._socket is not None
        try:
            return self._socket.send(said)
        except BlockingIOError:
            return 0
        except OSError:
            return len(said)

    def _wait_for_room(self) -> None:
        if self._pid and self._socket is not None:
            self._room = os.dup(self._socket.fileno())
            self._watch.add(self._room, self._send_more, write=True)

    def _send_more(self) -> None:
        with self._sending:
            del self._unsent[: self._sent(self._unsent)]
            if not self._unsent:
                self._close_room()

    def _close_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            self._watch.remove(room)
            os.close(room)

    def _listen(self, ours: socket.socket) -> None:
        self._watch.add(ours.fileno(), lambda: self._hear(ours))
        self._watch.add(self._process.sentinel, lambda: self._end(ours))
        for pipe in self._pipes:
            pipe.open()

    def _hear(self, ours: socket.socket) -> None:
        piece = _piece(ours)
        if piece:
            self._tell(piece)
        elif piece is not None:  # it has closed its end, so nothing can be done with it
            self._watch.remove(ours.fileno())
            self.kill()

    def _tell(self, piece: bytes) -> None:
        try:
            said = self._buffer.feed(piece)
        except ValueError:  # not what a worker says
            self.kill()
            return
        for kind, *values in said:
            self._listener.heard(self, kind, values)

    def _end(self, ours: socket.socket) -> None:
        self._watch.remove(self._process.sentinel)
        exit_code = self._exit_code()
        while piece := _piece(ours):
            self._tell(piece)
        end_tree(self._pid)  # what it left in its group
        self._pid = 0
        self.finished()
        self._listener.ended(self, exit_code)
        self._close_files(ours)
        threading.Thread(
            target=self._throw_pool_away, name="quarterjack-worker-end", daemon=True
        ).start()

    def _exit_code(self) -> int | None:
        found = self._process.exitcode
        if found == _LOST_TRACK:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, 0)
                return None
        return found

    def _close_files(self, ours: socket.socket) -> None:
        self._watch.remove(ours.fileno())
        with self._sending:
            self._close_room()
            self._unsent.clear()
            ours.close()
        for pipe, file in zip(self._pipes, self._files, strict=True):
            pipe.close()
            os.close(file)

    def _throw_pool_away(self) -> None:
        self._pool.stop()
        threading.Event().wait(_LOOPS_END_SECONDS)
        with suppress(Exception):
            self._pool.join()
        self.gone.set()


def _piece(channel: socket.socket) -> bytes | None:
    """What is there to read; None: nothing yet, empty: nothing ever."""
    try:
        return channel.recv(_PIECE)
    except BlockingIOError:
        return None
    except OSError:
        return b""
