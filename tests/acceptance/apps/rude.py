"""Steps that end badly in every runner: by what they raise, return, or do to their process."""

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from traces import append

from quarterjack.runtime import Retry, StepContext, Workflow


class Unpicklable(Exception):
    """Has something that no process can send to another."""

    def __init__(self) -> None:
        super().__init__("has a function", lambda: 1)


class Silent(Exception):
    """Can't say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


def _cyclic() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def _deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(2_000):
        found = [found]
    return found


ERRORS: dict[str, Callable[[], BaseException]] = {
    "plain": lambda: LookupError("nothing there"),
    "huge": lambda: ValueError("x" * 10_000_000),
    "unpicklable": Unpicklable,
    "silent": Silent,
    "system exit": lambda: SystemExit(3),
    "interrupt": KeyboardInterrupt,
    "generator exit": GeneratorExit,
    "base": lambda: BaseException("bare"),
}
RESULTS: dict[str, Callable[[], Any]] = {
    "object": object,
    "not a number": lambda: {"deep": [float("nan")]},
    "set": lambda: {1, 2},
    "huge number": lambda: [2**65],
    "lone surrogate": lambda: "\ud800",
    "cyclic": _cyclic,
    "deep": _deep,
}


def _bad(error: str | None, result: str | None) -> Any:
    if error is not None:
        raise ERRORS[error]()
    return RESULTS[result or ""]()


def _step(error: str | None = None, result: str | None = None) -> Any:
    return _bad(error, result)


async def _coroutine(error: str | None = None, result: str | None = None) -> Any:
    return _bad(error, result)


bad = {each: Workflow(f"bad-{each}") for each in ("process", "thread", "inline", "async")}
for _runner, _flow in bad.items():
    _flow.step(name="bad", runner=_runner)(_coroutine if _runner == "async" else _step)
bad_process, bad_thread, bad_inline, bad_async = bad.values()

dies = Workflow("dies", description="Takes its process down each time.")
DEATHS: dict[str, Callable[[], object]] = {
    "exit": lambda: os._exit(0),
    "abort": os.abort,
    "segfault": lambda: ctypes.string_at(0),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


@dies.step(retry=Retry(attempts=3, backoff="10ms"), runner="process")
def dying(ctx: StepContext, how: str, log: str) -> None:
    append(log, f"{ctx.execution_id} {ctx.attempt}")
    DEATHS[how]()


def _spins() -> None:
    while True:
        pass


def _deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            time.sleep(1_000)
        except BaseException:
            continue


def _holds_the_interpreter() -> None:
    ctypes.PyDLL(None).sleep(1_000)
    ctypes.PyDLL(None).sleep(1_000)


HANGS: dict[str, Callable[[], None]] = {
    "spins": _spins,
    "sleeps": lambda: time.sleep(1_000_000),
    "deaf": _deaf,
    "holds the interpreter": _holds_the_interpreter,
    "blocks a loop": lambda: asyncio.run(_blocking(1_000)),
}


async def _blocking(seconds: float) -> None:
    time.sleep(seconds)  # noqa: ASYNC251 – that is what is wrong with it


hangs = Workflow("hangs", description="Never ends by itself.")


@hangs.step(timeout="1s", runner="process")
def hanging(how: str, log: str) -> None:
    append(log, f"{how}:{os.getpid()}")
    HANGS[how]()


stays = Workflow(
    "stays", description="On a thread, or on the loop of coroutines, longer than it may."
)


@stays.step(timeout="500ms", runner="thread")
def on_a_thread(seconds: float) -> None:
    time.sleep(seconds)


blocks = Workflow("blocks", description="Holds up the loop of coroutines.")


@blocks.step(timeout="500ms", runner="async")
async def on_the_loop(seconds: float) -> None:
    await asyncio.sleep(0)
    time.sleep(seconds)  # noqa: ASYNC251 – that is what is wrong with it


good = Workflow("good")


@good.step(runner="process")
def fine(number: int = 1) -> int:
    return number


__all__ = [
    "bad_async", "bad_inline", "bad_process", "bad_thread",
    "blocks", "dies", "good", "hangs", "stays",
]  # fmt: skip
