"""Workflows to look at: a graph with branches, one that waits for a file, some that fail."""

import logging
import time
from pathlib import Path

from quarterjack.runtime import Retry, StepContext, Workflow

orders = Workflow(
    "orders", description="Reads orders, works out two things at once, writes a report."
)


@orders.step
def read(ctx: StepContext, day: str = "today") -> list[int]:
    ctx.logger.info("reading the orders of %s", day)
    return [3, 1, 2]


@orders.step
def totals(read: list[int]) -> int:
    print("adding up", len(read), "orders")
    return sum(read)


@orders.step
def largest(read: list[int]) -> int:
    return max(read)


@orders.step
def write(totals: int, largest: int) -> dict[str, int]:
    return {"total": totals, "largest": largest}


gated = Workflow("gated", description="Ends when a file is there.")


@gated.step
def prepare(gate: str) -> str:
    return gate


@gated.step
def hold(prepare: str, ctx: StepContext) -> int:
    ctx.progress(2, 5, "waiting for the file")
    print("waiting for", prepare)
    while not Path(prepare).exists() and not ctx.cancelled:
        time.sleep(0.02)
    print("it is there")
    return 5


@gated.step
def finish(hold: int) -> int:
    return hold + 1


broken = Workflow("broken", description="Fails, also when it is tried again.")


@broken.step
def fine() -> int:
    return 1


@broken.step(retry=Retry(attempts=2, backoff="10ms"))
def raises(fine: int) -> None:
    logging.getLogger("shop").warning("this will not go well")
    raise ValueError(f"no way with {fine}")


mended = Workflow("mended", description="Fails until a file is there.")


@mended.step
def first() -> int:
    return 1


@mended.step
def needs_file(first: int, gate: str) -> int:
    if not Path(gate).exists():
        raise FileNotFoundError(f"{gate} is not there yet")
    return first


quick = Workflow("quick", description="Does nothing, fast.")


@quick.step
def nothing() -> None:
    return None
