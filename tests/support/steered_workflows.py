"""Workflows whose progress can be looked at: they wait for a gate, fail, or have many items."""

from gate import Gate

from quarterjack.runtime import Retry, StepContext, Workflow


def steered_workflows(gate: Gate) -> list[Workflow]:
    """Those that wait go on when the gate is opened."""
    return [_echo(), _counts(gate), _fails(), _many(gate)]


def _echo() -> Workflow:
    echo = Workflow("echo", description="Gives back what it gets.")

    @echo.step
    def say(text: str = "hello", rows: object = None) -> str:
        return text if rows is None else f"{text} {rows}"

    return echo


def _counts(gate: Gate) -> Workflow:
    counts = Workflow("counts", description="Says how far it is, and waits for the gate.")

    @counts.step
    def fetch() -> int:
        return 4

    @counts.step
    def crunch(fetch: int, ctx: StepContext) -> int:
        ctx.progress(1, fetch, "first of them")
        gate.wait_in(ctx)
        return fetch

    @counts.step
    def store(crunch: int) -> str:
        return f"{crunch} rows"

    return counts


def _fails() -> Workflow:
    fails = Workflow("fails", description="Fails at its second step.")

    @fails.step
    def fine() -> int:
        return 1

    @fails.step(retry=Retry(attempts=2, backoff="10ms"))
    def raises(fine: int) -> None:
        raise LookupError(f"nothing there\x1b[31m for {fine}\nand more of it")

    return fails


def _many(gate: Gate) -> Workflow:
    many = Workflow("many", description="A step with items.")

    @many.step(map={"item": "items"}, concurrency=3)
    def load(item: int, ctx: StepContext) -> int:
        if item > 1:
            gate.wait_in(ctx)
        return item

    return many
