"""Every event type in one table, with the fields of its `data`; an event of another type can't be made.

Events are committed with the change that they tell of, and numbered by `seq` in commit order.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from .ids import ExecutionId, ScheduleId, WorkflowId
from .instants import format_instant
from .plain_data import PlainData

EVENT_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "schedule.created": ("name", "version"),
    "schedule.updated": ("name", "version"),
    "schedule.deleted": ("name",),
    "schedule.triggered": ("trigger", "scheduledTime", "lateness"),
    "schedule.completed": ("duration",),
    "schedule.failed": ("duration", "status", "error"),
    "schedule.skipped": ("scheduledTime", "reason", "blockedBy", "lateness", "detail"),
    "schedule.missed": ("scheduledTime", "through", "instants", "reason", "lateness"),
    "schedule.paused": ("note",),
    "schedule.resumed": ("note",),
    "schedule.error": ("error",),
    "workflow.started": ("trigger", "scheduledTime"),
    "workflow.completed": ("duration", "resultSize"),
    "workflow.failed": ("duration", "step", "error"),
    "workflow.cancelled": ("duration", "reason"),
    "workflow.timedOut": ("duration", "error"),
    "workflow.step.started": ("step", "attempt"),
    "workflow.step.completed": ("step", "attempt", "duration", "resultSize"),
    "workflow.step.skipped": ("step", "attempt"),
    "workflow.step.failed": ("step", "attempt", "duration", "error"),
    "workflow.step.retrying": ("step", "attempt", "delay", "error"),
    "workflow.step.progress": ("step", "attempt", "done", "total", "note"),
    "server.clockChanged": ("seconds",),
}
"""Type → the names in its `data`."""
_FIELDS: Final = {kind: frozenset(names) for kind, names in EVENT_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `seq` is 0 until it is committed."""

    type: str
    timestamp: datetime
    schedule_id: ScheduleId | None = None
    workflow_id: WorkflowId | None = None
    execution_id: ExecutionId | None = None
    data: dict[str, PlainData] = field(default_factory=dict)
    seq: int = 0

    def __post_init__(self) -> None:
        fields = _FIELDS.get(self.type)
        if fields is None:
            raise ValueError(f"{self.type!r} is no event type; they stand in EVENT_TYPES")
        if not fields.issuperset(self.data):
            unknown, known = sorted(self.data.keys() - fields), EVENT_TYPES[self.type]
            raise ValueError(f"{self.type} has no data field {unknown}; it has {known}")

    def numbered(self, seq: int) -> "Event":
        """As it is committed, under that number."""
        return Event(
            self.type,
            self.timestamp,
            self.schedule_id,
            self.workflow_id,
            self.execution_id,
            self.data,
            seq,
        )


def event_form(event: Event) -> dict[str, PlainData]:
    """An event as it goes out, over REST, the WebSocket and webhooks; absent ids are null."""
    return {
        "seq": event.seq,
        "type": event.type,
        "scheduleId": event.schedule_id,
        "workflowId": event.workflow_id,
        "executionId": event.execution_id,
        "timestamp": format_instant(event.timestamp),
        "data": event.data,
    }


def topics(event: Event) -> tuple[str, ...]:
    """The topics under which an event is published, most general first.

    >>> topics(Event("workflow.step.completed", datetime(2026, 1, 1)))
    ('*', 'workflow:*', 'workflow:step:completed')
    """
    family = event.type.partition(".")[0]
    own = event.type.replace(".", ":")
    if event.execution_id is None:
        return ("*", f"{family}:*", own)
    return ("*", f"{family}:*", "execution:*", own)


TOPICS: Final = frozenset(
    {"*", "schedule:*", "workflow:*", "execution:*", "server:*"}
    | {name.replace(".", ":") for name in EVENT_TYPES}
)
"""What can be subscribed to."""
