"""Steps that do harm: to themselves, and to nobody else."""

import asyncio
import ctypes
import logging
import os
import signal
import sys
import time

from traces import append, wait_for

from quarterjack.runtime import Retry, StepContext, Workflow

TRIES = Retry(attempts=2, backoff="10ms")

append(os.environ.get("IMPORTS", os.devnull), str(os.getpid()))
time.sleep(float(os.environ.get("SLOW_IMPORT", "0")))

exits = Workflow("exits", description="Ends its process the first time.")


@exits.step(retry=TRIES)
def leaves(ctx: StepContext, code: int = 1) -> str:
    if ctx.attempt == 1:
        os._exit(code)
    return "well"


segfaults = Workflow("segfaults", description="Reads where nothing is.")


@segfaults.step(retry=TRIES)
def reads_nothing(ctx: StepContext) -> str:
    print("last words", flush=True)
    if ctx.attempt == 1:
        ctypes.string_at(0)
    return "well"


leaks = Workflow("leaks", description="Allocates without end.")


@leaks.step(memory="200MB", retry=TRIES)
def allocates(ctx: StepContext) -> str:
    kept = []
    while ctx.attempt == 1:
        kept.append(b"x" * 10_000_000)
    return "well"


deaf = Workflow("deaf", description="Heeds neither SIGTERM nor an exception.")


@deaf.step
def ignores_sigterm(log: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    append(log, str(os.getpid()))
    while True:
        try:
            time.sleep(1_000)
        except BaseException:
            continue


flood = Workflow("flood", description="Prints 100 MB, and waits at the half.")


@flood.step
def prints(ctx: StepContext, log: str, gate: str) -> str:
    block = "\n".join(["x" * 99] * 1_000)
    for number in range(1_000):
        if number == 500:
            print("half")
            append(log, "half")
            wait_for(ctx, gate)
        print(block)
    print("the end")
    return "well"


speaks = Workflow("speaks", description="Says something on every channel, and waits.")


@speaks.step
def speaking(ctx: StepContext, gate: str) -> None:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    logging.getLogger("my.lib").warning("to a logger")
    ctx.logger.info("to the step's logger")
    wait_for(ctx, gate)
    print("at the end")


places = Workflow("places", description="Each step says which process it runs in.")


@places.step
def by_default() -> int:
    return os.getpid()


@places.step(runner="thread")
def on_a_thread() -> int:
    return os.getpid()


@places.step
async def as_coroutine() -> int:
    await asyncio.sleep(0)
    return os.getpid()


@places.step(runner="process")
def in_a_process() -> int:
    return os.getpid()


bystander = Workflow("bystander", description="Runs beside the others, and is not harmed.")


@bystander.step
def stands_by(ctx: StepContext, gate: str) -> int:
    wait_for(ctx, gate)
    return ctx.attempt


good = Workflow("good", description="Does nothing.")


@good.step
def nothing() -> int:
    return 1


large = Workflow("large", description="Returns so many bytes.")


@large.step
def returns(size: int) -> bytes:
    return b"x" * size


@large.step(after=("returns",), runner="thread")
def measures(returns: bytes) -> int:
    return len(returns)
