"""Workflows whose steps say which trace they are in, and log what they are given."""

from typing import Any

from quarterjack.runtime import Retry, Workflow

below = Workflow("below", description="What the other one runs.")


@below.step
def inner(ctx: Any) -> str | None:
    found: str | None = ctx.traceparent
    return found


above = Workflow("above", description="Runs the other one, after a failed attempt.")


@above.step(retry=Retry(attempts=2, backoff="10ms"))
def flaky(ctx: Any) -> str | None:
    if ctx.attempt == 1:
        raise LookupError("not yet")
    found: str | None = ctx.traceparent
    return found


above.subworkflow(below, name="child", after=("flaky",))

speaks = Workflow("speaks", description="Logs what it is given.")


@speaks.step(runner="thread")
def speak(ctx: Any, text: str) -> None:
    ctx.logger.warning("heard: %s", text)


__all__ = ["above", "below", "speaks"]
