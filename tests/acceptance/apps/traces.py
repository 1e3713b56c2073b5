"""What steps leave outside: lines in a file, counted without asking the server; and gates."""

import asyncio
import os
import time
from pathlib import Path

from quarterjack.runtime import StepContext


def append(log: str, line: str) -> None:
    """One write with O_APPEND, so lines of several processes don't mix."""
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, f"{line}\n".encode())
    finally:
        os.close(handle)


def mark(ctx: StepContext, log: str) -> None:
    """Say which attempt this is."""
    append(log, f"{ctx.execution_id} {ctx.step} {ctx.attempt} {ctx.scheduled_time.isoformat()}")


def is_there(path: str) -> bool:
    """Whether there is such a file."""
    return Path(path).exists()


def wait_for(ctx: StepContext, gate: str) -> None:
    """Until the file is there, or the step is cancelled."""
    while not is_there(gate) and not ctx.cancelled:
        time.sleep(0.01)


async def opened(gate: str) -> None:
    """Until the file is there."""
    while not is_there(gate):  # noqa: ASYNC110 – nobody else could say so
        await asyncio.sleep(0.01)
