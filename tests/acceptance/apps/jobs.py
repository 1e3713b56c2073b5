"""Workflows that leave traces outside: what ran can be counted without asking the server."""

import os

from traces import mark, wait_for

from quarterjack.runtime import Retry, StepContext, Workflow

report = Workflow("report", description="Three steps, one after the other.")


@report.step
def extract(ctx: StepContext, log: str) -> dict[str, int]:
    mark(ctx, log)
    return {"rows": 3}


@report.step
def load(extract: dict[str, int], ctx: StepContext, log: str) -> int:
    mark(ctx, log)
    ctx.progress(1, 2, "half")
    return extract["rows"]


@report.step
def notify(load: int, ctx: StepContext, log: str) -> str:
    mark(ctx, log)
    return f"{load} rows"


gated = Workflow("gated", description="The second step ends when a file is there.")


@gated.step
def first(ctx: StepContext, log: str) -> int:
    mark(ctx, log)
    return 1


@gated.step
def second(first: int, ctx: StepContext, log: str, gate: str) -> int:
    mark(ctx, log)
    wait_for(ctx, gate)
    return first + 1


@gated.step
def third(second: int, ctx: StepContext, log: str) -> int:
    mark(ctx, log)
    return second + 1


broken = Workflow("broken", description="Fails at its second step, with a retry.")


@broken.step
def fine() -> int:
    return 1


@broken.step(retry=Retry(attempts=2, backoff="10ms"))
def raises(fine: int) -> None:
    raise ValueError(f"no way with {fine}")


isolated = Workflow("isolated", description="Says which process it runs in.")


@isolated.step
def where() -> list[int]:
    return [os.getpid(), os.getppid()]


relay = Workflow("relay", description="Sends on what its event brought.")


@relay.step
def send_on(ctx, log: str) -> int:  # type: ignore[no-untyped-def]
    mark(ctx, log)
    number: int = ctx.context["event"]["payload"]
    ctx.emit("relayed", number)
    return number


tally = Workflow("tally", description="Gives back what its event brought.")


@tally.step(runner="thread")
def count(ctx) -> object:  # type: ignore[no-untyped-def]
    payload: object = ctx.context["event"]["payload"]
    return payload


__all__ = ["broken", "gated", "isolated", "relay", "report", "tally"]
