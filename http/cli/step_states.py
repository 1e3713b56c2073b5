"""How states look on a terminal: a mark, a word and a colour for each, and spans of time in words. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from quarterjack.storage import ExecutionStatus, StepStatus


class Look(NamedTuple):
    """Of a state."""

    mark: str
    word: str
    colour: str


_SUCCEEDED: Final = Look("✓", "succeeded", "green")
_FAILED: Final = Look("✗", "failed", "red")
_TIMED_OUT: Final = Look("✗", "timed out", "red")
_CANCELLED: Final = Look("■", "cancelled", "yellow")
_SKIPPED: Final = Look("–", "skipped", "dim")
_RUNNING: Final = Look("▶", "running", "cyan")
_WAITING: Final = Look("◷", "waiting", "blue")

STEPS: Final[Mapping[StepStatus, Look]] = {
    StepStatus.PENDING: Look("·", "to come", "dim"),
    StepStatus.RUNNING: _RUNNING,
    StepStatus.RETRYING: Look("↻", "retrying", "yellow"),
    StepStatus.WAITING: _WAITING,
    StepStatus.SUCCEEDED: _SUCCEEDED,
    StepStatus.FAILED: _FAILED,
    StepStatus.CANCELLED: _CANCELLED,
    StepStatus.TIMED_OUT: _TIMED_OUT,
    StepStatus.SKIPPED: _SKIPPED,
}
EXECUTIONS: Final[Mapping[ExecutionStatus, Look]] = {
    ExecutionStatus.QUEUED: Look("·", "queued", "dim"),
    ExecutionStatus.RUNNING: _RUNNING,
    ExecutionStatus.WAITING: _WAITING,
    ExecutionStatus.SUCCEEDED: _SUCCEEDED,
    ExecutionStatus.FAILED: _FAILED,
    ExecutionStatus.CANCELLED: _CANCELLED,
    ExecutionStatus.TIMED_OUT: _TIMED_OUT,
    ExecutionStatus.SKIPPED: _SKIPPED,
}
ENDED_STEPS: Final = frozenset(
    {
        StepStatus.SUCCEEDED,
        StepStatus.FAILED,
        StepStatus.CANCELLED,
        StepStatus.TIMED_OUT,
        StepStatus.SKIPPED,
    }
)
FILLED, EMPTY = "━", "─"


def span(seconds: float) -> str:
    """How long, to the precision that matters.

    >>> [span(each) for each in (0.0042, 3.21, 59.96, 75, 3725, 90_061)]
    ['4 ms', '3.2 s', '60 s', '1:15', '1:02:05', '1 d 1:01:01']
    """
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace("60.0", "60")
    whole = timedelta(seconds=round(seconds))
    clock = str(timedelta(seconds=whole.seconds))
    if whole.days:
        return f"{whole.days} d {clock}"
    return clock if whole.seconds >= 3600 else clock.removeprefix("0:").removeprefix("0")


def bar(done: float, total: float, width: int) -> str:
    """A bar of that many characters.

    >>> bar(1, 4, 8)
    '━━──────'
    """
    share = min(1.0, max(0.0, done / total)) if total > 0 else 0.0
    filled = int(share * width)
    return FILLED * filled + EMPTY * (width - filled)


def clock(instant: datetime) -> str:
    """The time of day here."""
    return instant.astimezone().strftime("%H:%M:%S")
