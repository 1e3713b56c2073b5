"""Reads of webhooks: who wants what, which events they have not been told of, what became of each."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from peewee import Tuple, fn

from .database import Reader
from .events import EVENT_TYPES, Event
from .instants import to_micros
from .plain_data import PlainData
from .queries import Page, PageRequest, last_seq
from .rows import to_event
from .selects import Select, one, rows, tuples
from .tables import EventRow, WebhookDeliveryRow, WebhookRow
from .webhook_records import DeliveryCounts, DeliveryStatus, Webhook, WebhookDelivery, WebhookId
from .webhook_rows import DELIVERY_FIELDS, to_delivery, to_webhook

MOST_OPEN: Final = 10_000
"""Deliveries of one webhook that have not ended; further events wait in the outbox."""
_SCANNED: Final = 20_000
"""Events that are looked at in one query."""


class Overview(NamedTuple):
    """A webhook, and how its deliveries stand."""

    webhook: Webhook
    counts: DeliveryCounts


class Uncollected(NamedTuple):
    """Events that a webhook wants and has no deliveries of yet."""

    events: list[Event]
    through: int
    """Up to this sequence number there are no others."""
    more: bool
    """Whether there may be some after that."""
    full: bool
    """Whether so many deliveries are open that no more are taken."""


class Sendable(NamedTuple):
    """A delivery that is to be tried, and what is sent."""

    delivery: WebhookDelivery
    body: PlainData


def webhook(reader: Reader, key: WebhookId) -> Overview:
    """One webhook. Raises `NotFound`."""
    query = WebhookRow.select().where(WebhookRow.id == key)
    found = to_webhook(one(reader, query, "webhook", key))
    return Overview(found, _counts(reader, [key]).get(key, DeliveryCounts()))


def webhooks(reader: Reader, page: PageRequest) -> Page[Overview]:
    """Webhooks, oldest first."""
    row = WebhookRow
    query = row.select().order_by(row.created_at, row.id).limit(page.limit + 1)
    if page.after:
        query = query.where(Tuple(row.created_at, row.id) > Tuple(*page.after))
    found = [to_webhook(each) for each in rows(reader, query)]
    items = found[: page.limit]
    counts = _counts(reader, [each.id for each in items])
    last = items[-1] if len(found) > page.limit else None
    return Page(
        [Overview(each, counts.get(each.id, DeliveryCounts())) for each in items],
        None if last is None else (to_micros(last.created_at), last.id),
    )


def every_webhook(reader: Reader) -> list[Webhook]:
    """All of them: what their actor begins with."""
    return [to_webhook(row) for row in rows(reader, WebhookRow.select().order_by(WebhookRow.id))]


def deliveries(
    reader: Reader, key: WebhookId, status: DeliveryStatus | None, page: PageRequest
) -> Page[WebhookDelivery]:
    """The deliveries of a webhook, newest first. Raises `NotFound`."""
    one(reader, WebhookRow.select(WebhookRow.id).where(WebhookRow.id == key), "webhook", key)
    row = WebhookDeliveryRow
    query = row.select(*DELIVERY_FIELDS).where(row.webhook == key)
    query = query.order_by(row.created_at.desc(), row.seq.desc()).limit(page.limit + 1)
    if page.after:
        query = query.where(Tuple(row.created_at, row.seq) < Tuple(*page.after))
    if status is not None:
        query = query.where(row.status == status.value)
    found = [to_delivery(each) for each in rows(reader, query)]
    items = found[: page.limit]
    last = items[-1] if len(found) > page.limit else None
    return Page(items, None if last is None else (to_micros(last.created_at), last.seq))


def delivery(reader: Reader, key: WebhookId, seq: int) -> WebhookDelivery:
    """One delivery. Raises `NotFound`."""
    row = WebhookDeliveryRow
    query = row.select(*DELIVERY_FIELDS).where((row.webhook == key) & (row.seq == seq))
    return to_delivery(one(reader, query, "delivery", f"{key}/{seq}"))


def uncollected(reader: Reader, wanted: Webhook, most: int) -> Uncollected:
    """The next events after the webhook's cursor that it wants, at most so many."""
    room = min(most, MOST_OPEN - _open(reader, wanted.id))
    if room <= 0:
        return Uncollected([], wanted.cursor, more=False, full=True)
    newest = last_seq(reader)
    through = min(newest, wanted.cursor + _SCANNED)
    row = EventRow
    query = row.select().where((row.seq > wanted.cursor) & (row.seq <= through))
    query = _matching(query, wanted).order_by(row.seq).limit(room)
    found = [to_event(each) for each in rows(reader, query)]
    if len(found) == room:
        through = found[-1].seq
    return Uncollected(found, through, more=through < newest, full=False)


def sendable(reader: Reader, key: WebhookId, most: int) -> list[Sendable]:
    """The deliveries that have not ended, by the time of their next attempt, due or not."""
    row = WebhookDeliveryRow
    query = (
        row.select(*DELIVERY_FIELDS, row.body)
        .where((row.webhook == key) & row.next_attempt_at.is_null(False))
        .order_by(row.next_attempt_at, row.seq)
        .limit(most)
    )
    return [Sendable(to_delivery(each), each["body"]) for each in rows(reader, query)]


def _matching(query: Select, wanted: Webhook) -> Select:
    """The events of its topics that pass its filters."""
    row, any_topic = EventRow, None
    for condition in _conditions(wanted.topics):
        any_topic = condition if any_topic is None else any_topic | condition
    query = query.where(any_topic)
    if wanted.workflow_ids:
        query = query.where(row.workflow_id.in_(list(wanted.workflow_ids)))
    if wanted.schedule_id is not None:
        query = query.where(row.schedule_id == wanted.schedule_id)
    return query


def _conditions(topics: Sequence[str]) -> list[Any]:
    row, types = EventRow, set[str]()
    for topic in topics:
        if topic == "*":
            types |= EVENT_TYPES.keys()
        elif topic.endswith(":*"):
            types |= {each for each in EVENT_TYPES if each.startswith(f"{topic[:-2]}.")}
        else:
            types.add(topic.replace(":", "."))
    found: list[Any] = [row.type.in_(sorted(types))] if types else []
    return [*found, row.execution_id.is_null(False)] if "execution:*" in topics else found


def _open(reader: Reader, key: WebhookId) -> int:
    row = WebhookDeliveryRow
    query = row.select(fn.count(row.seq)).where(
        (row.webhook == key) & row.next_attempt_at.is_null(False)
    )
    return int(next(tuples(reader, query))[0])


def _counts(reader: Reader, keys: Sequence[WebhookId]) -> dict[WebhookId, DeliveryCounts]:
    row = WebhookDeliveryRow
    query = (
        row.select(row.webhook.alias("webhook_id"), row.status, fn.count(row.seq))
        .where(row.webhook.in_(list(keys)))
        .group_by(row.webhook, row.status)
    )
    found: dict[WebhookId, dict[str, int]] = {}
    for key, status, number in tuples(reader, query):
        found.setdefault(key, {})[DeliveryStatus(status).name.lower()] = number
    return {key: DeliveryCounts(**each) for key, each in found.items()}
