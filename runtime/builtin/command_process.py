"""A running command: what it writes is kept up to a limit, and nothing of it outlives `end`.

`asyncio`'s own `Process` is not used because its `wait` also waits for the pipes, which a child left in
the background holds open.
"""

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self, cast

from quarterjack.storage import QuarterjackError

from .kept_bytes import Tail
from .process_group import ProcessGroup

_LAST_WORDS: Final = 0.1
"""Seconds for the children of a command that has ended, to write what they still have."""
_PIPE_SECONDS: Final = 0.5
"""How long the pipes are read after the end: only a process that left the group holds them open."""


class CommandNotStarted(QuarterjackError):
    """There is no such program or working folder, or it may not be run; the message says which."""


class CommandProcess(asyncio.SubprocessProtocol):
    """Made by `start`; used on the loop that it was made on."""

    def __init__(self, max_output: int) -> None:
        self.stdout = Tail(max_output)
        self.stderr = Tail(max_output)
        self._streams = {1: self.stdout, 2: self.stderr}
        self._open = {1, 2}
        self._exited = asyncio.Event()
        self._closed = asyncio.Event()
        self._transport: asyncio.SubprocessTransport
        self._group: ProcessGroup

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        cwd: str | None,
        env: Mapping[str, str],
        text: str | None,
        max_output: int,
    ) -> Self:
        """Start it in a session of its own. Raises `CommandNotStarted`."""
        starting = asyncio.ensure_future(
            asyncio.get_running_loop().subprocess_exec(
                lambda: cls(max_output),
                *command,
                stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
                cwd=cwd,
                env=env,
                start_new_session=True,
            )
        )
        try:
            transport, process = await asyncio.shield(starting)
        except asyncio.CancelledError:  # it may have children by now
            transport, process = await starting
            process._begin(transport, None)
            await process.end()
            raise
        except (OSError, ValueError) as error:
            name = error.filename if isinstance(error, OSError) and error.filename else command[0]
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise CommandNotStarted(f"can't start {name!r:.200}: {reason}") from None
        process._begin(transport, text)
        return process

    async def wait(self, seconds: float) -> int:
        """The exit code, or a signal's number below 0. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            await self._exited.wait()
        return cast(int, self._transport.get_returncode())

    async def end(self) -> None:
        """End it with all its children, and read what they have written."""
        try:
            await self._group.end(_LAST_WORDS if self._exited.is_set() else 0.0)
            await _within(_PIPE_SECONDS, self._exited)
            await _within(_PIPE_SECONDS, self._closed)
        finally:
            stdin: Any = self._transport.get_pipe_transport(0)
            if stdin is not None and stdin.get_write_buffer_size():  # else it is closed by now
                stdin.abort()
            self._transport.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It has written something."""
        self._streams[fd].add(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        """Nobody writes there any more, or reads."""
        self._open.discard(fd)
        if not self._open:
            self._closed.set()

    def process_exited(self) -> None:
        """The command has ended; its children may live."""
        self._exited.set()

    def _begin(self, transport: asyncio.SubprocessTransport, text: str | None) -> None:
        self._transport = transport
        self._group = ProcessGroup(transport.get_pid())
        stdin = cast("asyncio.WriteTransport | None", transport.get_pipe_transport(0))
        if stdin is not None:
            stdin.write((text or "").encode())
            stdin.write_eof()


async def _within(seconds: float, event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
