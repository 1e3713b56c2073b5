"""Steps for worker processes: they import this module by its name, so it must be a plain one."""

import ctypes
import logging
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from quarterjack.runtime import StepContext, Workflow

IMPORTED_BY = os.getpid()
steps = Workflow("process-steps")
senders = Workflow("senders-in-processes")
_kept: list[bytes] = []


@steps.step
def pid() -> list[int]:
    return [os.getpid(), os.getpgid(0), IMPORTED_BY]


@steps.step
def double(x: int) -> int:
    return x * 2


@steps.step
def text(length: int) -> str:
    return "x" * length


@steps.step
def exits(code: int) -> None:
    os._exit(code)


@steps.step
def segfaults() -> None:
    print("last words")
    ctypes.string_at(0)


@steps.step
def kills_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@steps.step
def raises() -> None:
    raise ValueError("no way")


@steps.step(memory="200MB")
def leaks() -> None:
    while True:
        _kept.append(b"x" * 10_000_000)


@steps.step(memory="200MB")
def modest() -> int:
    return len(b"x" * 10_000_000)


@steps.step
def hangs(started: str) -> None:
    Path(started).write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(1_000)


@steps.step
def spins(started: str) -> None:
    Path(started).write_text(str(os.getpid()), encoding="utf-8")
    while True:
        pass


@steps.step
def ignores_sigterm(started: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(started).write_text(str(os.getpid()), encoding="utf-8")
    while True:
        try:
            time.sleep(1_000)
        except BaseException:
            continue


@steps.step
def holds_the_interpreter(started: str) -> None:
    """C code that never lets another thread of Python run."""
    Path(started).write_text(str(os.getpid()), encoding="utf-8")
    ctypes.PyDLL(None).sleep(1_000)
    ctypes.PyDLL(None).sleep(1_000)


@steps.step
def tidies_up(started: str, tidied: str) -> None:
    try:
        Path(started).write_text(str(os.getpid()), encoding="utf-8")
        time.sleep(1_000)
    finally:
        Path(tidied).write_text("tidy", encoding="utf-8")


@steps.step
def waits_for(gate: str) -> str:
    while not Path(gate).exists():
        time.sleep(0.005)
    return gate


@steps.step
def prints(megabytes: int) -> None:
    line = "x" * 99
    for _ in range(megabytes * 10):
        print("\n".join([line] * 1_000))
    print("the end")


@steps.step
def writes_no_text() -> None:
    os.write(1, b"\xff\xfe caf\xe9\n")
    print("\udc80 lone")


@steps.step
def speaks(gate: str) -> None:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    subprocess.run(["echo", "from a child"], check=True)
    logging.getLogger("my.lib").info("to the log\nin two lines")
    logging.getLogger("my.lib").debug("not heard")
    waits_for(gate)
    sys.stdout.write("no line's end")


@steps.step
def closes_everything() -> None:
    sys.stdout.close()
    sys.stderr = None
    for number in (0, 1, 2):
        os.close(number)


@steps.step
def prints_a_line() -> None:
    print("a line")


@steps.step
def leaves_children() -> list[int]:
    """A child, and a daemon in a session of its own."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            time.sleep(1_000)
        os._exit(0)
    daemon = int(os.read(reader, 20))
    return [daemon, subprocess.Popen(["sleep", "1000"]).pid]


@steps.step
def hangs_with_a_child(started: str) -> None:
    child = subprocess.Popen(["sleep", "1000"])
    Path(started).write_text(f"{os.getpid()} {child.pid}", encoding="utf-8")
    time.sleep(1_000)


@steps.step
def vandal() -> None:
    os.chdir("/")
    os.environ["VANDAL"] = "was here"
    os.umask(0o777)
    random.seed(1)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.CRITICAL)


@steps.step
def surroundings() -> list[Any]:
    logging.getLogger().info("heard")
    umask = os.umask(0o22)
    os.umask(umask)
    return [
        str(Path.cwd()),
        os.environ.get("VANDAL"),
        umask,
        signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL,
        random.random() == random.Random(1).random(),
    ]


@steps.step
def progresses(ctx: StepContext) -> None:
    for number in range(100_000):
        ctx.progress(number, 100_000)
    ctx.progress(100_000, 100_000, "done")


@steps.step
def sends(ctx: StepContext, count: int, size: int = 1) -> None:
    for number in range(count):
        ctx.emit("number", [number, "x" * size], key="k")
        ctx.progress(number, count)


@steps.step
def sends_and_exits(ctx: StepContext) -> None:
    ctx.emit("number", 1)
    ctx.emit("number", 1)
    os._exit(3)


@steps.step
def tells_context(ctx: StepContext, extra: str = "none") -> list[Any]:
    return [
        ctx.execution_id,
        ctx.schedule_id,
        ctx.workflow_id,
        ctx.step,
        ctx.attempt,
        ctx.scheduled_time.isoformat(),
        ctx.trigger.value,
        dict(ctx.params),
        dict(ctx.context),
        ctx.item,
        [failure.message for failure in ctx.failures.values()],
        extra,
    ]


def is_wanted(x: int) -> bool:
    return x > 10


@steps.step(when=is_wanted)
def conditional(x: int) -> int:
    return x


@steps.step
def returns_an_object() -> object:
    return object()


@steps.step(runner="thread")
def on_a_thread() -> int:
    return os.getpid()


@senders.step(runner="process")
def sends_numbers(ctx: StepContext, count: int) -> None:
    for number in range(count):
        ctx.emit("number", number)
