"""Webhooks and their deliveries to rows and back."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from peewee import Model

from .plain_data import pack_checked
from .statements import columns
from .tables import WebhookDeliveryRow, WebhookRow
from .webhook_records import DeliveryStatus, SecretSource, Webhook, WebhookDelivery

DELIVERY_FIELDS: Final[tuple[Any, ...]] = (
    WebhookDeliveryRow.webhook.alias("webhook_id"),
    *(
        getattr(WebhookDeliveryRow, each.name)
        for each in fields(WebhookDelivery)
        if each.name != "webhook_id"
    ),
)
"""What of a row makes a delivery; what is sent is left where it is."""


def webhook_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a webhook as its row has them; those that are missing are NULL."""
    stored = dict(values)
    for name in ("topics", "workflow_ids"):
        if name in stored:
            stored[name] = pack_checked(list(stored[name]))
    if "secret" in stored:
        source: SecretSource = stored["secret"]
        stored["secret"] = pack_checked([source.kind, source.value])
    if "enabled" in stored:
        stored["enabled"] = int(stored["enabled"])
    return columns(WebhookRow, stored)


def to_webhook(row: Mapping[str, Any]) -> Webhook:
    """A webhook from its row."""
    return Webhook(
        **{
            **row,
            "topics": tuple(row["topics"]),
            "workflow_ids": tuple(row["workflow_ids"]),
            "enabled": bool(row["enabled"]),
            "secret": SecretSource(*row["secret"]),
        }
    )


def to_delivery(row: Mapping[str, Any]) -> WebhookDelivery:
    """A delivery from its row."""
    known = {each.name: row[each.name] for each in fields(WebhookDelivery)}
    duration = row["duration"]
    return WebhookDelivery(
        **{
            **known,
            "status": DeliveryStatus(row["status"]),
            "duration": None if duration is None else timedelta(microseconds=duration),
        }
    )


def named(model: type[Model], row: tuple[Any, ...]) -> dict[str, Any]:
    """A row that was read with all its columns, by their names, each as its field reads it."""
    found = zip(model._meta.sorted_fields, row, strict=True)
    return {field.column_name: field.python_value(value) for field, value in found}
