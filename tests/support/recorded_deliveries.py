"""The workflow whose executions were recorded, in several shapes; it says which steps it has run."""

from collections.abc import Callable

from quarterjack.runtime import Retry, StepContext, Workflow

AS_RECORDED = ("ship", "thank")


def delivery(ran: list[str], pack: Callable[[int], None], last: tuple[str, ...]) -> Workflow:
    """Packs, waits to be approved, ships at the second attempt, thanks; two at a time.

    `pack` is called within the step of that name, with the order's number.
    """
    flow = Workflow("delivery", max_concurrency=2)

    @flow.step
    def pick(number: int) -> list[int]:
        ran.append(f"{number} pick")
        return [number, number + 1]

    @flow.step(name="pack")
    def packed(pick: list[int], number: int) -> int:
        ran.append(f"{number} pack")
        pack(number)
        return sum(pick)

    flow.wait_for_event("approved", key="number", after=("pack",))
    before = "approved"
    for name in last:

        def go(ctx: StepContext, number: int) -> str:
            ran.append(f"{number} {ctx.step}")
            if ctx.step == "ship" and ctx.attempt == 1:
                raise ConnectionError("no lorry")
            return f"{ctx.step} {number}"

        flow.step(name=name, after=(before,), retry=Retry(attempts=2, backoff="1h"))(go)
        before = name
    return flow
