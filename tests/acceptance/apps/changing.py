"""A workflow whose code changes between two starts of the server, as the environment says."""

import os

from quarterjack.runtime import StepContext, Workflow

SHAPES = {
    "first": ("pay", "ship"),
    "more": ("pay", "ship", "thank"),
    "less": ("pay", "send"),
}

delivery = Workflow("delivery")
delivery.wait_for_event("approved", key="number")


def work(ctx: StepContext, number: int) -> str:
    """One of the steps."""
    return f"{ctx.step} {number}"


_before = "approved"
for _name in SHAPES[os.environ.get("SHAPE", "first")]:
    delivery.step(name=_name, after=(_before,))(work)
    _before = _name


murderous = Workflow("murderous", description="Takes its server down.")


@murderous.step(runner="thread")
def kills() -> None:
    os.kill(os.getpid(), 9)
