"""What can be asked of a server's webhooks: addresses that it tells of events."""

from collections.abc import Mapping
from typing import Any

from quarterjack.actors.engine import Reply
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.webhook_records import DeliveryStatus

from ..shapes.webhooks import Webhook, WebhookDelivery, WebhookOverview
from .asking import FIRST, Asking
from .listing import PagedReply
from .request import Wanted


class WebhookCalls(Asking):
    """The calls about webhooks."""

    def create_webhook(self, draft: Mapping[str, Any]) -> Reply[Webhook]:
        """Have a receiver told of what happens from now on: `url`, `topics`, and what else there is.

        Its secret, if it was made, is shown this once. Raises `InvalidInput`.
        """
        return self._ask(Webhook, Wanted("createWebhook", body=dict(draft)))

    def update_webhook(self, webhook_id: str, changes: Mapping[str, Any]) -> Reply[Webhook]:
        """Change what is given, keep the rest; `"secret": None` has a new one made.

        Raises `NotFound`, `InvalidInput`.
        """
        wanted = Wanted("updateWebhook", {"webhook_id": webhook_id}, body=dict(changes))
        return self._ask(Webhook, wanted)

    def delete_webhook(self, webhook_id: str) -> Reply[None]:
        """Forget a webhook with its deliveries. Raises `NotFound`."""
        return self._tell(Wanted("deleteWebhook", {"webhook_id": webhook_id}))

    def get_webhook(self, webhook_id: str) -> Reply[WebhookOverview]:
        """One webhook, and how its deliveries stand. Raises `NotFound`."""
        return self._ask(WebhookOverview, Wanted("getWebhook", {"webhook_id": webhook_id}))

    def list_webhooks(self, page: PageRequest = FIRST) -> PagedReply[WebhookOverview]:
        """Webhooks, oldest first."""
        return self._list(WebhookOverview, Wanted("listWebhooks"), page)

    def list_webhook_deliveries(
        self, webhook_id: str, status: DeliveryStatus | None = None, page: PageRequest = FIRST
    ) -> PagedReply[WebhookDelivery]:
        """What became of the events that a webhook wants, newest first. Raises `NotFound`."""
        parts, query = {"webhook_id": webhook_id}, {"status": status}
        return self._list(WebhookDelivery, Wanted("listWebhookDeliveries", parts, query), page)

    def test_webhook(self, webhook_id: str) -> Reply[WebhookDelivery]:
        """Have an event `webhook.test` sent to it. Raises `NotFound`, `IllegalTransition`."""
        return self._ask(WebhookDelivery, Wanted("testWebhook", {"webhook_id": webhook_id}))

    def retry_webhook_delivery(self, webhook_id: str, seq: int) -> Reply[WebhookDelivery]:
        """Have an event sent (again) now. Raises `NotFound`, `IllegalTransition`."""
        parts = {"webhook_id": webhook_id, "seq": str(seq)}
        return self._ask(WebhookDelivery, Wanted("retryWebhookDelivery", parts))
