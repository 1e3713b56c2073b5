"""How schedules and what they ran look: a sign, which says it without colours, too, and a colour. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.text import Text

from quarterjack.storage import ExecutionStatus, ScheduleStatus

from ..step_states import EXECUTIONS, Look

SCHEDULES: Final[Mapping[ScheduleStatus, Look]] = {
    ScheduleStatus.ACTIVE: Look("●", "active", "green"),
    ScheduleStatus.PAUSED: Look("‖", "paused", "yellow"),
    ScheduleStatus.DISABLED: Look("○", "disabled", "dim"),
    ScheduleStatus.ERROR: Look("✗", "error", "red"),
    ScheduleStatus.FINISHED: Look("■", "finished", "dim"),
}


def words(look: Look) -> Text:
    """The sign, and what it means."""
    return Text(f"{look.mark} {look.word}", look.colour)


def signs(statuses: Iterable[ExecutionStatus]) -> Text:
    """How several executions ended, a sign each."""
    looks = [EXECUTIONS[each] for each in statuses]
    return Text("").join(Text(look.mark, look.colour) for look in looks)
