"""Events as they are answered, and as they go over the WebSocket."""

from typing import Any

from quarterjack import storage
from quarterjack.storage.events import event_form
from quarterjack.storage.instants import Instant

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


event_fields = event_form
"""The same as it goes out; plainly, because there are many."""
