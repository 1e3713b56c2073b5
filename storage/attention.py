"""The schedules that need somebody, each with what is worst about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .database import Reader
from .ids import ScheduleId
from .instants import from_micros
from .queries import last_seq, schedules_of
from .recent_runs import RunBrief, failing_since, newest_run
from .records import Failure, Schedule
from .standing import Concern, Concerned, Standing, Workflows, concerned, standing_with

_MOST: Final = 50
_LONGEST_MESSAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Attention:
    """A schedule, and why it needs somebody."""

    concern: Concern
    schedule: Schedule
    since: datetime | None
    """None: not known."""
    count: int | None
    """Failures in a row, or due instants that were missed; None: neither."""
    error: Failure | None
    """Without its traceback."""
    last_execution: RunBrief | None


@dataclass(frozen=True, slots=True)
class Survey:
    """How things stand, and what needs somebody: the worst first, and how many there are in all."""

    standing: Standing
    attention: list[Attention]
    attention_total: int
    seq: int
    """The newest committed event."""


def survey(reader: Reader, now: datetime, workflows: Workflows = None) -> Survey:
    """All of it at once, of all workflows or of some."""
    found = {each: concerned(reader, each, now, workflows) for each in Concern}
    worst: dict[ScheduleId, tuple[Concern, Concerned]] = {}
    for concern in Concern:
        for each in found[concern]:
            worst.setdefault(each.schedule_id, (concern, each))
    chosen = list(worst.items())[:_MOST]
    schedules = schedules_of(reader, [key for key, _ in chosen])
    attention = [
        _attention(reader, concern, schedules[key], each, workflows)
        for key, (concern, each) in chosen
        if key in schedules
    ]
    standing = standing_with(reader, found, workflows)
    return Survey(standing, attention, len(worst), last_seq(reader))


def _attention(
    reader: Reader, concern: Concern, found: Schedule, why: Concerned, workflows: Workflows
) -> Attention:
    since = None if why.since is None else from_micros(why.since)
    if concern is Concern.FAILING:
        since = failing_since(reader, found.id)
    error = None
    if concern in (Concern.ERROR, Concern.FAILING) and found.last_error is not None:
        error = found.last_error.cut(_LONGEST_MESSAGE)._replace(traceback="")
    last = newest_run(reader, found.id, workflows)
    return Attention(concern, found, since, why.count, error, last)
