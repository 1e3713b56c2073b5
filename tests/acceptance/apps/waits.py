"""Workflows that wait: for an instant, an event, another execution."""

from traces import mark

from quarterjack.runtime import StepContext, Workflow

nap = Workflow("nap", description="Sleeps between two steps.")


@nap.step
def before(ctx: StepContext, log: str) -> int:
    mark(ctx, log)
    return 1


nap.sleep("6s", name="rest", after=("before",))


@nap.step(after=("rest",))
def after(before: int, ctx: StepContext, log: str) -> int:
    mark(ctx, log)
    return before + 1


blink = Workflow("blink", description="Sleeps so long as a restart takes.")
blink.sleep("2200ms", name="rest")


order = Workflow("order", description="Waits for an approval, by order number.")


@order.step
def ask(number: int, ctx: StepContext, log: str) -> str:
    mark(ctx, log)
    return f"order-{number}"


order.wait_for_event("approved", key="ask", timeout="1h")


@order.step
def ship(approved: dict[str, str]) -> str:
    return f"approved by {approved['who']}"


impatient = Workflow("impatient", description="Waits for what does not come.")
impatient.wait_for_event("never", timeout="5s")


family = Workflow("family", description="Waits for a workflow that waits.")
family.subworkflow(nap)
