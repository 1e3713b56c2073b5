"""What can be asked of a runtime about webhooks: addresses that are told of events."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from quarterjack.actors.drafts import validated
from quarterjack.actors.engine import Reply
from quarterjack.actors.webhooks import ChangeWebhooks
from quarterjack.storage import IdSource, ScheduleId, WorkflowId
from quarterjack.storage import webhook_queries as q
from quarterjack.storage.queries import Page, PageRequest
from quarterjack.storage.transaction import Change
from quarterjack.storage.webhook_changes import (
    AddTestDelivery,
    AddWebhook,
    DeleteWebhook,
    RetryDelivery,
    UpdateWebhook,
)
from quarterjack.storage.webhook_records import (
    DeliveryStatus,
    SecretSource,
    Webhook,
    WebhookDelivery,
    WebhookId,
)

from .assembly import Assembly
from .webhook_draft import WebhookChanges, WebhookDraft
from .webhook_secrets import new_secret

T = TypeVar("T")


class StoredWebhook(NamedTuple):
    """A webhook that was made or changed, and its secret if that was made just now: shown this once."""

    webhook: Webhook
    secret: str | None


class WebhookCalls(ABC):
    """The calls; who inherits says how a call is made."""

    _ids: IdSource

    def create_webhook(self, draft: Mapping[str, Any]) -> Reply[StoredWebhook]:
        """Have a receiver told of what happens from now on: `url`, `topics`, and what else there is.

        Raises `InvalidInput`.
        """

        def create(assembly: Assembly) -> Reply[StoredWebhook]:
            checked = validated(WebhookDraft, draft)
            made = new_secret(self._ids) if checked.secret is None else None
            now = assembly.clock.now()
            webhook = Webhook(
                id=WebhookId(self._ids.new("whk")),
                url=checked.url,
                description=checked.description,
                topics=checked.topics,
                workflow_ids=tuple(map(WorkflowId, checked.workflow_ids)),
                schedule_id=None
                if checked.schedule_id is None
                else ScheduleId(checked.schedule_id),
                enabled=checked.enabled,
                disabled_reason="",
                secret=checked.secret or SecretSource("stored", made or ""),
                cursor=0,
                created_at=now,
                updated_at=now,
            )
            return _changed(assembly, webhook.id, AddWebhook(webhook)).map(
                lambda stored: StoredWebhook(stored, made)
            )

        return self._call(create)

    def update_webhook(self, webhook_id: str, changes: Mapping[str, Any]) -> Reply[StoredWebhook]:
        """Change what is given, keep the rest; `"secret": None` has a new one made.

        Raises `NotFound`, `InvalidInput`.
        """

        def update(assembly: Assembly) -> Reply[StoredWebhook]:
            checked = validated(WebhookChanges, changes)
            fields, made = checked.fields, None
            if checked.wants_new_secret:
                made = new_secret(self._ids)
                fields["secret"] = SecretSource("stored", made)
            key = WebhookId(webhook_id)
            change = UpdateWebhook(key, fields, assembly.clock.now())
            return _changed(assembly, key, change).map(lambda stored: StoredWebhook(stored, made))

        return self._call(update)

    def delete_webhook(self, webhook_id: str) -> Reply[None]:
        """Forget a webhook with its deliveries. Raises `NotFound`."""
        key = WebhookId(webhook_id)
        return self._call(lambda assembly: _changed(assembly, key, DeleteWebhook(key)))

    def get_webhook(self, webhook_id: str) -> Reply[q.Overview]:
        """One webhook, and how its deliveries stand. Raises `NotFound`."""
        return self._call(lambda assembly: assembly.read(q.webhook, WebhookId(webhook_id)))

    def list_webhooks(self, page: PageRequest = PageRequest()) -> Reply[Page[q.Overview]]:
        """Webhooks, oldest first."""
        return self._call(lambda assembly: assembly.read(q.webhooks, page))

    def list_webhook_deliveries(
        self,
        webhook_id: str,
        status: DeliveryStatus | None = None,
        page: PageRequest = PageRequest(),
    ) -> Reply[Page[WebhookDelivery]]:
        """What became of the events that a webhook wants, newest first. Raises `NotFound`."""
        key = WebhookId(webhook_id)
        return self._call(lambda assembly: assembly.read(q.deliveries, key, status, page))

    def test_webhook(self, webhook_id: str) -> Reply[WebhookDelivery]:
        """Have an event `webhook.test` sent to it. Raises `NotFound`, `IllegalTransition`."""

        def test(assembly: Assembly) -> Reply[WebhookDelivery]:
            key = WebhookId(webhook_id)
            return _changed(assembly, key, AddTestDelivery(key, assembly.clock.now()))

        return self._call(test)

    def retry_webhook_delivery(self, webhook_id: str, seq: int) -> Reply[WebhookDelivery]:
        """Have an event sent (again) now. Raises `NotFound`, `IllegalTransition`."""

        def retry(assembly: Assembly) -> Reply[WebhookDelivery]:
            key = WebhookId(webhook_id)
            return _changed(assembly, key, RetryDelivery(key, seq, assembly.clock.now()))

        return self._call(retry)

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""


def _changed(assembly: Assembly, key: WebhookId, change: Change[T]) -> Reply[T]:
    """Written by the actor that sends, so that it goes by the change from its answer on."""
    return assembly.cast.webhooks.ask(ChangeWebhooks(key, change))
