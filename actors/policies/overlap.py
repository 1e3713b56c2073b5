"""What a due schedule does while earlier executions of it have not ended. Pure."""

from enum import Enum
from typing import assert_never

from quarterjack.storage import Overlap


class Decision(Enum):
    """What becomes of the new execution."""

    RUN = "run"
    SKIP = "skip"
    REPLACE = "replace"
    """Run it, and cancel those before it."""


def decide(policy: Overlap, *, running: int, queued: int) -> Decision:
    """What to do with one more execution beside so many.

    >>> decide(Overlap.SKIP, running=1, queued=0)
    <Decision.SKIP: 'skip'>
    >>> decide(Overlap.QUEUE_ONE, running=1, queued=0)
    <Decision.RUN: 'run'>
    """
    match policy:
        case Overlap.SKIP:
            return Decision.SKIP if running or queued else Decision.RUN
        case Overlap.QUEUE_ONE:
            return Decision.SKIP if queued else Decision.RUN
        case Overlap.QUEUE_ALL | Overlap.ALLOW:
            return Decision.RUN
        case Overlap.CANCEL_RUNNING:
            return Decision.REPLACE if running or queued else Decision.RUN
        case _ as never:
            assert_never(never)


def concurrency(policy: Overlap, limit: int) -> int | None:
    """How many executions of the schedule may run at once; None: no limit of its own."""
    return None if policy is Overlap.ALLOW else limit
