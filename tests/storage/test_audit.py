"""The audit table: newest first, by whoever is looked for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sample import NOW

from quarterjack.storage import Role, ScheduleId, TokenId
from quarterjack.storage.audit import AuditEntry, AuditFilter, audit
from quarterjack.storage.audit_changes import RecordAudit
from quarterjack.storage.database import Readers
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import PageRequest


@pytest.fixture
def entries(readers: Readers, journal: Journal) -> Callable[..., Any]:
    for number in range(6):
        entry = AuditEntry(
            at=NOW + timedelta(seconds=number // 2),
            token_id=TokenId(f"tok_{number % 2}"),
            token_name="ci",
            role=Role.OPERATOR,
            address="127.0.0.1",
            action="triggerSchedule" if number < 4 else "pauseSchedule",
            status=202,
            schedule_id=ScheduleId(f"sch_{number % 3}"),
            detail={"number": number},
        )
        journal.commit([RecordAudit(entry)])

    def found(limit: int = 50, after: Any = None, **wanted: Any) -> Any:
        page = PageRequest(limit, after)
        return readers.submit(audit, AuditFilter(**wanted), page).result(timeout=10)

    return found


def numbers(page: Any) -> list[int]:
    return [each.detail["number"] for each in page.items]


def test_entries_come_in_pages_newest_first(entries: Callable[..., Any]) -> None:
    first = entries(4)
    second = entries(4, first.next)

    assert numbers(first) == [5, 4, 3, 2]
    assert numbers(second) == [1, 0]
    assert second.next is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"token_id": "tok_0"}, [4, 2, 0]),
        ({"action": "pauseSchedule"}, [5, 4]),
        ({"schedule_id": "sch_1"}, [4, 1]),
        ({"since": NOW + timedelta(seconds=1), "until": NOW + timedelta(seconds=2)}, [3, 2]),
        ({"token_id": "tok_9"}, []),
    ],
)
def test_entries_are_found_by_what_is_asked(
    entries: Callable[..., Any], wanted: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(entries(**wanted)) == expected


def test_an_entry_is_read_as_it_was_stored(entries: Callable[..., Any]) -> None:
    newest = entries(1).items[0]

    assert (newest.role, newest.status, newest.address) == (Role.OPERATOR, 202, "127.0.0.1")
    assert newest.at == NOW + timedelta(seconds=2)
    assert newest.id == 6
