"""What a schedule was to do at each time, told from its own events: created, updated, paused, deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulation.driver import Record
from tests.simulation.evidence import Evidence

FOREVER = 2**62
_TURNS = {
    "schedule.created",
    "schedule.updated",
    "schedule.paused",
    "schedule.resumed",
    "schedule.deleted",
}


@dataclass(frozen=True)
class Epoch:
    """A time in which a schedule had one draft, and was paused or not."""

    begin: int
    end: int
    draft: dict[str, Any]
    is_paused: bool
    anchor: int
    """When the schedule was made."""

    @property
    def config(self) -> dict[str, Any]:
        """When it is due, and what becomes of that."""
        found: dict[str, Any] = self.draft["scheduleConfig"]
        return found


def epochs_of(key: str, evidence: Evidence, record: Record) -> list[Epoch]:
    """In order; the last one has no end, unless the schedule is deleted."""
    drafts = {
        call.given["draft"]["name"]: call.given["draft"]
        for call in record.calls
        if call.kind in ("create", "update") and call.key == key
    }
    found: list[Epoch] = []
    for at, kind, label in _turns(key, evidence):
        if found:
            last = found.pop()
            found.append(Epoch(last.begin, at, last.draft, last.is_paused, last.anchor))
        if kind == "schedule.deleted":
            break
        if kind == "schedule.paused" and found[-1].is_paused:
            last = found.pop()
            found.append(Epoch(last.begin, FOREVER, last.draft, True, last.anchor))
            continue
        if kind in ("schedule.created", "schedule.updated"):
            is_paused = bool(found) and found[-1].is_paused
            anchor = found[0].anchor if found else at
            found.append(Epoch(at, FOREVER, drafts[label], is_paused, anchor))
        else:
            before = found[-1]
            paused = kind == "schedule.paused"
            found.append(Epoch(at, FOREVER, before.draft, paused, before.anchor))
    return found


def _turns(key: str, evidence: Evidence) -> Iterator[tuple[int, str, str]]:
    for event in evidence.events:
        if event.schedule == key and event.type in _TURNS:
            yield event.at, event.type, event.data.get("name", "")
