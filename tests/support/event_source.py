"""Makes events come, as many as a test wants, through the server's only way of writing them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from site_server import Site

from quarterjack.actors.messages import Commit
from quarterjack.storage import Event, ExecutionId, WorkflowId
from quarterjack.storage.transaction import Transaction

_AT = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Tell:
    """A change that is nothing but its events."""

    events: list[Event]

    def apply(self, transaction: Transaction) -> int:
        transaction.emit(self.events)
        return transaction.events[-1].seq


def progress(note: str = "", *, workflow: str = "echo", execution: str = "exe_1") -> Event:
    """An event as a step tells of its progress."""
    return Event(
        "workflow.step.progress",
        _AT,
        workflow_id=WorkflowId(workflow),
        execution_id=ExecutionId(execution),
        data={"step": "say", "attempt": 1, "done": 1, "total": 2, "note": note},
    )


def tell(site: Site, count: int, note: str = "", **more: Any) -> int:
    """Commit so many events, in one transaction; the number of the last."""
    return tell_all(site, [progress(note, **more)] * count)


def tell_all(site: Site, events: list[Event]) -> int:
    """Commit events in one transaction; the number of the last."""
    assembly = site.runtime._assembly
    assert assembly is not None
    last: int = assembly.cast.state.ask(Commit(_Tell(events))).get(timeout=20)
    return last
