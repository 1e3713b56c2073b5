"""A workflow that takes nothing and is done at once."""

from quarterjack.runtime import Workflow

quick = Workflow("quick")


@quick.step
def done() -> None:
    return None
