"""How a status looks: a sign, which says it without colours, too, and a colour. Pure."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from rich.text import Text

from quarterjack.storage import ExecutionStatus, ScheduleStatus
from quarterjack.storage.statuses import StepStatus


class Mark(NamedTuple):
    """A sign and its style."""

    sign: str
    style: str
    words: str


_QUEUED: Final = Mark("◌", "blue", "queued")
_RUNNING: Final = Mark("▶", "cyan", "running")
_WAITING: Final = Mark("◷", "cyan", "waiting")
_SUCCEEDED: Final = Mark("✓", "green", "succeeded")
_FAILED: Final = Mark("✗", "red", "failed")
_CANCELLED: Final = Mark("⊘", "yellow", "cancelled")
_TIMED_OUT: Final = Mark("⧗", "red", "timed out")
_SKIPPED: Final = Mark("–", "dim", "skipped")

EXECUTIONS: Final[Mapping[ExecutionStatus, Mark]] = {
    ExecutionStatus.QUEUED: _QUEUED,
    ExecutionStatus.RUNNING: _RUNNING,
    ExecutionStatus.WAITING: _WAITING,
    ExecutionStatus.SUCCEEDED: _SUCCEEDED,
    ExecutionStatus.FAILED: _FAILED,
    ExecutionStatus.CANCELLED: _CANCELLED,
    ExecutionStatus.TIMED_OUT: _TIMED_OUT,
    ExecutionStatus.SKIPPED: _SKIPPED,
}
STEPS: Final[Mapping[StepStatus, Mark]] = {
    StepStatus.PENDING: Mark("·", "dim", "pending"),
    StepStatus.RUNNING: _RUNNING,
    StepStatus.RETRYING: Mark("↻", "yellow", "retrying"),
    StepStatus.WAITING: _WAITING,
    StepStatus.SUCCEEDED: _SUCCEEDED,
    StepStatus.FAILED: _FAILED,
    StepStatus.CANCELLED: _CANCELLED,
    StepStatus.TIMED_OUT: _TIMED_OUT,
    StepStatus.SKIPPED: _SKIPPED,
}
SCHEDULES: Final[Mapping[ScheduleStatus, Mark]] = {
    ScheduleStatus.ACTIVE: Mark("●", "green", "active"),
    ScheduleStatus.PAUSED: Mark("‖", "yellow", "paused"),
    ScheduleStatus.DISABLED: Mark("○", "dim", "disabled"),
    ScheduleStatus.ERROR: Mark("✗", "red", "error"),
    ScheduleStatus.FINISHED: Mark("■", "dim", "finished"),
}


def sign(mark: Mark) -> Text:
    """Only the sign."""
    return Text(mark.sign, mark.style)


def words(mark: Mark) -> Text:
    """The sign, and what it means."""
    return Text(f"{mark.sign} {mark.words}", mark.style)
