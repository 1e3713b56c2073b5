"""Workflows with much to look at: two hundred steps, items, waits, output that grows."""

import time
from pathlib import Path

from quarterjack.runtime import Retry, StepContext, Workflow

wide = Workflow("wide", description="Two hundred steps in layers of ten.")


def _add(number: int) -> None:
    before = tuple(f"step_{other}" for other in (number - 10, number - 7) if other >= 0)

    @wide.step(name=f"step_{number}", after=before)
    def work() -> int:
        return number


for _number in range(200):
    _add(_number)


pictures = Workflow("pictures", description="Once for each picture.")


@pictures.step
def found() -> list[str]:
    return ["a", "b", "c"]


@pictures.step(map={"picture": "found"}, concurrency=2, retry=Retry(attempts=2, backoff="10ms"))
def shrink(picture: str) -> str:
    print("shrinking", picture)
    if picture == "b":
        raise ValueError("b can't be read")
    return picture


@pictures.step(run_if="always", after=("shrink",), timeout="30s")
def tidy() -> str:
    return "tidy"


approval = Workflow("approval", description="Waits until somebody says yes.")


@approval.step
def ask(number: int) -> str:
    return f"order-{number}"


approval.wait_for_event("approved", key="ask", timeout="2d")


@approval.step
def ship(approved: dict[str, str]) -> str:
    return f"by {approved['who']}"


chatty = Workflow(
    "chatty", description="Writes a line whenever there is a new file, and tells nothing else."
)


@chatty.step
def talk(folder: str, ctx: StepContext) -> int:
    count = 0
    print("it begins")
    while not Path(folder, "end").exists() and not ctx.cancelled:
        if Path(folder, f"line-{count}").exists():
            print(f"line {count} was wanted")
            count += 1
        time.sleep(0.01)
    return count
