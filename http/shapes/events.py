"""Events as they are answered, and as they go over the WebSocket."""

from typing import Any

from quarterjack import storage
from quarterjack.storage.instants import Instant, format_instant

from .shape import Shape


class Event(Shape):
    """Something that happened; absent ids are null."""

    seq: int
    type: str
    schedule_id: str | None
    workflow_id: str | None
    execution_id: str | None
    timestamp: Instant
    data: dict[str, Any]

    @classmethod
    def of(cls, found: storage.Event) -> "Event":
        """An event that is stored."""
        return cls.model_validate(event_fields(found))


def event_fields(found: storage.Event) -> dict[str, Any]:
    """The same as it goes out; plainly, because there are many."""
    return {
        "seq": found.seq,
        "type": found.type,
        "scheduleId": found.schedule_id,
        "workflowId": found.workflow_id,
        "executionId": found.execution_id,
        "timestamp": format_instant(found.timestamp),
        "data": found.data,
    }
