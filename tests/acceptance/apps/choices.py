"""A workflow for each thing that a step can be told."""

import asyncio
import time
from pathlib import Path

from traces import append, mark, wait_for

from quarterjack.runtime import Retry, StepContext, Workflow


class Passing(ConnectionError):
    """May go away by itself."""


class Lasting(Passing):
    """Will not."""


def fail(kind: str) -> None:
    """Raise what is asked for."""
    raise {"passing": Passing, "lasting": Lasting, "other": ValueError}[kind](kind)


backoff = Workflow("backoff", description="Fails five times; waits longer each time, up to a cap.")


@backoff.step(retry=Retry(attempts=5, backoff="40ms", factor=2, max_backoff="100ms"))
def never(ctx: StepContext) -> None:
    fail("passing")


jitter = Workflow("jitter", description="Waits shorter by chance.")


@jitter.step(retry=Retry(attempts=2, backoff="200ms", jitter=0.5))
def jittery() -> None:
    fail("passing")


choosy = Workflow("choosy", description="Is tried again after passing errors that are not lasting.")


@choosy.step(
    retry=Retry(attempts=3, backoff="1ms", retry_on=("Passing",), no_retry_on=("Lasting",))
)
def choose(kind: str) -> None:
    fail(kind)


plain = Workflow("plain", description="Fails, and leaves retries to its schedule.")


@plain.step
def fails() -> None:
    fail("passing")


slow = Workflow("slow", description="Each attempt takes too long, but the last.")


@slow.step(timeout="300ms", retry=Retry(attempts=2, backoff="1ms", retry_on=(TimeoutError,)))
def slow_once(ctx: StepContext, attempts: int = 1) -> int:
    if ctx.attempt <= attempts:
        time.sleep(60)
    return ctx.attempt


given_up = Workflow("given-up", description="Would be tried for hours.")


@given_up.step(total_timeout="3s", retry=Retry(attempts=1_000, backoff="400ms", factor=1))
def again_and_again() -> None:
    fail("passing")


endless = Workflow("endless", description="Waits until it is ended; tells when that is.")


@endless.step
async def waits(log: str) -> None:
    try:
        await asyncio.sleep(60)
    finally:
        append(log, "ended")


@endless.on_failure
def told(ctx: StepContext, log: str) -> None:
    append(log, f"handler: {sorted(ctx.failures)}")


varied = Workflow("varied", description="Ends as it is told.")


@varied.step
async def vary(kind: str) -> str:
    await asyncio.sleep(60 if kind == "long" else 0.05)
    if kind == "bad":
        fail("other")
    return kind


invoice = Workflow("invoice", description="With a discount for large orders only.")


@invoice.step
def orders(sizes: list[int]) -> list[int]:
    return sizes


def is_large(orders: list[int]) -> bool:
    """Whether there is a discount."""
    return sum(orders) > 100


@invoice.step(when=is_large)
def discount(orders: list[int]) -> int:
    return sum(orders) // 10


@invoice.step
def thanks(discount: int) -> str:
    return f"you save {discount}"


@invoice.step
def total(orders: list[int], discount: int = 0) -> int:
    return sum(orders) - discount


nightly = Workflow("nightly", description="Tidies up whatever happens, and tells of failures.")


@nightly.step
def download(ctx: StepContext, log: str) -> str:
    mark(ctx, log)
    return "file"


@nightly.step
def load(download: str, ctx: StepContext, log: str, broken: bool = False) -> int:
    mark(ctx, log)
    if broken:
        fail("other")
    return 3


@nightly.step(run_if="always", after=("load",))
def remove(download: str | None, ctx: StepContext, log: str) -> str | None:
    mark(ctx, log)
    return download


@nightly.step(run_if="on_failure", after=("load",))
def roll_back(ctx: StepContext, log: str) -> None:
    mark(ctx, log)


@nightly.on_failure
def alert(ctx: StepContext, log: str) -> dict[str, str]:
    mark(ctx, log)
    return {name: error.message for name, error in ctx.failures.items()}


fan = Workflow("fan", description="A thousand items, eight at once.")


@fan.step
def numbers(count: int) -> list[int]:
    return list(range(count))


@fan.step(map={"number": "numbers"}, concurrency=8)
async def square(number: int, log: str) -> int:
    append(log, "+")
    await asyncio.sleep(0.001 * (number % 7))
    append(log, "-")
    return number * number


@fan.step
def add(square: list[int]) -> list[int]:
    return square


patchy = Workflow("patchy", description="Some items fail; a retry does only those.")


@patchy.step(map={"number": "numbers"}, concurrency=4)
def third(number: int, ctx: StepContext, log: str) -> int:
    append(log, f"- third[{ctx.item}]")
    if number % 3 == 0 and not Path(f"{log}.mended").exists():
        fail("other")
    return number


chain = Workflow("chain", description="Two hundred steps, one after the other.")


def link(ctx: StepContext, log: str) -> str:
    """One of them."""
    mark(ctx, log)
    return ctx.step


for _number in range(200):
    chain.step(name=f"s{_number}", after=(f"s{_number - 1}",) if _number else ())(link)


table = Workflow("table", description="One table of a database.")


@table.step
def vacuum(name: str) -> str:
    if name == "bad":
        fail("other")
    return name.upper()


weekly = Workflow("weekly", description="All tables, one after the other.")


@weekly.step
def names(tables: list[str]) -> list[str]:
    return tables


weekly.subworkflow(table, map={"name": "names"}, concurrency=1)


@weekly.step
def summary(table: list[str]) -> str:
    return "+".join(table)


busy = Workflow("busy", description="Says how far it is, and waits.")


@busy.step
def work(ctx: StepContext, gate: str) -> None:
    ctx.progress(1, 3, "begun")
    wait_for(ctx, gate)
    ctx.progress(3, 3, "done")


wide = Workflow("wide", description="Returns more than is allowed.")


@wide.step
def returns(size: int) -> str:
    return "x" * size


@wide.step(runner="thread")
def beside(size: int) -> str:
    return "x" * size
