"""Webhooks in the database: events become deliveries once, and the cursor tells how far that has come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quarterjack.storage import Event, NotFound, ScheduleId, WorkflowId
from quarterjack.storage.database import Readers
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.transaction import Transaction
from quarterjack.storage.webhook_changes import (
    AddWebhook,
    CollectDeliveries,
    DeleteWebhook,
    RecordAttempt,
    UpdateWebhook,
)
from quarterjack.storage.webhook_queries import (
    MOST_OPEN,
    Uncollected,
    deliveries,
    every_webhook,
    sendable,
    uncollected,
)
from quarterjack.storage.webhook_records import (
    DeliveryStatus,
    SecretSource,
    Webhook,
    WebhookDelivery,
    WebhookId,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = WebhookId("whk_1")
HOOK = Webhook(
    id=KEY,
    url="https://example.org",
    description="",
    topics=("workflow:failed",),
    workflow_ids=(),
    schedule_id=None,
    enabled=True,
    disabled_reason="",
    secret=SecretSource("stored", "whsec_x"),
    cursor=0,
    created_at=NOW,
    updated_at=NOW,
)


class Happen:
    """Events, and nothing else."""

    def __init__(self, *types: str, workflow: str = "report", schedule: str | None = None) -> None:
        self._types = types
        self._ids = (schedule and ScheduleId(schedule), WorkflowId(workflow))

    def apply(self, transaction: Transaction) -> None:
        schedule_id, workflow_id = self._ids
        transaction.emit(Event(each, NOW, schedule_id or None, workflow_id) for each in self._types)


def commit(journal: Journal, *changes: Any) -> Any:
    """What the last change came to; an exception is raised."""
    *_, outcome = journal.commit(changes).outcomes
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def look(readers: Readers, hook: Webhook, most: int = 100) -> Uncollected:
    return readers.submit(uncollected, hook, most).result()


def collect(journal: Journal, readers: Readers, hook: Webhook, most: int = 100) -> Webhook:
    found = look(readers, hook, most)
    change = CollectDeliveries(KEY, hook.cursor, found.through, found.events, NOW)
    stored: Webhook = commit(journal, change)
    return stored


def seqs(readers: Readers) -> list[int]:
    page = readers.submit(deliveries, KEY, None, PageRequest(500)).result()
    return sorted(each.seq for each in page.items)


def test_a_webhook_begins_after_the_newest_event(journal: Journal, readers: Readers) -> None:
    commit(journal, Happen("workflow.failed", "workflow.failed"))
    hook = commit(journal, AddWebhook(HOOK))
    commit(journal, Happen("workflow.completed", "workflow.failed"))

    found = look(readers, hook)
    assert hook.cursor == 2
    assert [each.seq for each in found.events] == [4]
    assert (found.through, found.more, found.full) == (4, False, False)


def test_each_event_becomes_one_delivery_however_often_it_is_collected(
    journal: Journal, readers: Readers
) -> None:
    hook = commit(journal, AddWebhook(HOOK))
    commit(journal, Happen(*["workflow.failed"] * 5))
    found = look(readers, hook)
    change = CollectDeliveries(KEY, hook.cursor, found.through, found.events, NOW)
    first, second = commit(journal, change), commit(journal, change)

    assert first.cursor == second.cursor == 5
    assert seqs(readers) == [1, 2, 3, 4, 5]


def test_events_are_collected_in_bounded_pieces_without_a_gap(
    journal: Journal, readers: Readers
) -> None:
    hook = commit(journal, AddWebhook(HOOK))
    commit(journal, Happen(*["workflow.failed", "workflow.completed"] * 10))
    pieces = 0
    while hook.cursor < 20:
        hook = collect(journal, readers, hook, most=3)
        pieces += 1

    assert seqs(readers) == list(range(1, 21, 2))
    assert pieces == 4


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"topics": ("*",)}, [1, 2, 3, 4]),
        ({"topics": ("schedule:*", "workflow:failed")}, [1, 2, 4]),
        ({"topics": ("execution:*",)}, []),
        ({"topics": ("*",), "workflow_ids": (WorkflowId("other"),)}, [3, 4]),
        ({"topics": ("*",), "schedule_id": ScheduleId("sch_1")}, [2, 4]),
    ],
)
def test_topics_and_filters_are_those_of_live_events(
    journal: Journal, readers: Readers, change: dict[str, Any], expected: list[int]
) -> None:
    hook = commit(journal, AddWebhook(replace(HOOK, **change)))
    commit(
        journal,
        Happen("workflow.failed"),
        Happen("schedule.failed", schedule="sch_1"),
        Happen("workflow.completed", workflow="other"),
        Happen("workflow.failed", workflow="other", schedule="sch_1"),
    )
    found = look(readers, hook)

    assert [each.seq for each in found.events] == expected
    assert all(hook.wants(each) for each in found.events)


def test_when_too_many_are_open_events_wait_in_the_outbox(
    journal: Journal, readers: Readers
) -> None:
    hook = commit(journal, AddWebhook(HOOK))
    commit(journal, Happen(*["workflow.failed"] * (MOST_OPEN + 5)))
    hook = collect(journal, readers, hook, most=MOST_OPEN + 5)
    full = look(readers, hook)
    first = WebhookDelivery(KEY, 1, "workflow.failed", DeliveryStatus.DELIVERED, NOW, attempts=1)
    commit(journal, RecordAttempt(first))
    hook = collect(journal, readers, hook)

    assert full == Uncollected([], MOST_OPEN, more=False, full=True)
    assert hook.cursor == MOST_OPEN + 1
    assert len(readers.submit(sendable, KEY, MOST_OPEN + 5).result()) == MOST_OPEN


def test_a_disabled_webhook_collects_nothing(journal: Journal, readers: Readers) -> None:
    hook = commit(journal, AddWebhook(HOOK))
    commit(journal, Happen("workflow.failed"))
    commit(journal, UpdateWebhook(KEY, {"enabled": False}, NOW))
    assert collect(journal, readers, hook).cursor == 0
    assert seqs(readers) == []


def test_what_is_to_be_sent_comes_by_its_time(journal: Journal, readers: Readers) -> None:
    hook = commit(journal, AddWebhook(HOOK))
    commit(journal, Happen(*["workflow.failed"] * 3))
    collect(journal, readers, hook)
    later = NOW + timedelta(minutes=5)
    failed = WebhookDelivery(
        KEY, 1, "workflow.failed", DeliveryStatus.FAILED, NOW, 1, later, NOW, 500, "answered 500"
    )
    commit(journal, RecordAttempt(failed))

    found = readers.submit(sendable, KEY, 10).result()
    assert [each.delivery.seq for each in found] == [2, 3, 1]
    assert found[2].delivery == failed
    assert found[0].body["type"] == "workflow.failed"


def test_a_deleted_webhook_leaves_nothing(journal: Journal, readers: Readers) -> None:
    hook = commit(journal, AddWebhook(HOOK))
    commit(journal, Happen("workflow.failed"))
    collect(journal, readers, hook)
    commit(journal, DeleteWebhook(KEY))
    ended = WebhookDelivery(KEY, 1, "workflow.failed", DeliveryStatus.DELIVERED, NOW)

    assert commit(journal, RecordAttempt(ended)) is None
    assert commit(journal, CollectDeliveries(KEY, 0, 1, [], NOW)) is None
    assert readers.submit(sendable, KEY, 10).result() == []
    with pytest.raises(NotFound):
        seqs(readers)
    with pytest.raises(NotFound):
        commit(journal, DeleteWebhook(KEY))


def test_what_is_stored_is_what_was_given(journal: Journal, readers: Readers, path: Path) -> None:
    made = replace(
        HOOK,
        description="é",
        topics=("schedule:*", "*"),
        workflow_ids=(WorkflowId("a"), WorkflowId("b")),
        schedule_id=ScheduleId("sch_1"),
        secret=SecretSource("file", "/run/secrets/hook"),
    )
    commit(journal, AddWebhook(made))
    changed = commit(
        journal,
        UpdateWebhook(
            KEY,
            {"topics": ("*",), "workflow_ids": (), "secret": SecretSource("env", "HOOK")},
            NOW + timedelta(seconds=1),
        ),
    )

    assert readers.submit(every_webhook).result() == [changed]
    assert changed == replace(
        made,
        topics=("*",),
        workflow_ids=(),
        secret=SecretSource("env", "HOOK"),
        updated_at=NOW + timedelta(seconds=1),
    )
    assert path.stat().st_mode & 0o077 == 0
