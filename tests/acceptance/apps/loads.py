"""A workflow with steps of every kind, each of which says outside when it begins and ends."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from traces import append

from quarterjack.runtime import Retry, StepContext, Workflow

mixed = Workflow("mixed")


@contextmanager
def told(ctx: StepContext, log: str) -> Iterator[None]:
    """Say that an attempt begins, and that it ends well."""
    step = ctx.step if ctx.item is None else f"{ctx.step}[{ctx.item}]"
    append(log, f"begin {ctx.execution_id} {step} {ctx.attempt}")
    yield
    append(log, f"end {ctx.execution_id} {step} {ctx.attempt}")


@mixed.step
def numbers(ctx: StepContext, log: str) -> list[int]:
    with told(ctx, log):
        return [1, 2, 3]


@mixed.step(map={"number": "numbers"}, concurrency=2)
async def double(number: int, ctx: StepContext, log: str) -> int:
    with told(ctx, log):
        await asyncio.sleep(0.01)
        return number * 2


@mixed.step(runner="thread", retry=Retry(attempts=3, backoff="10ms"))
def flaky(numbers: list[int], ctx: StepContext, log: str) -> int:
    if ctx.attempt == 1:
        raise ConnectionError("not at the first time")
    with told(ctx, log):
        return len(numbers)


mixed.sleep("50ms", name="rest", after=("numbers",))


@mixed.step(after=("rest",))
def total(double: list[int], flaky: int, ctx: StepContext, log: str) -> int:
    with told(ctx, log):
        return sum(double) + flaky
