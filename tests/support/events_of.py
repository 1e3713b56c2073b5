"""What a runtime has told, for tests to compare."""

from quarterjack.runtime import Event
from quarterjack.runtime.calls import Calls


def every_event(runtime: Calls) -> list[Event]:
    """All stored events."""
    return runtime.events(0, limit=100_000).get()


def types(runtime: Calls, *, of: str | None = None) -> list[str]:
    """The types of all events, or of those of one execution or schedule."""
    return [
        event.type
        for event in every_event(runtime)
        if of is None or of in (event.execution_id, event.schedule_id)
    ]
