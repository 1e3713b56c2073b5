"""`/api/webhooks`: who is told of which events, and what became of each telling."""

import re
from http import HTTPStatus
from typing import Final

from aiohttp import web

from quarterjack.storage import IllegalTransition, NotFound, Role

from .. import intake
from ..answers import Answer, answered, ok, ok_large
from ..call import Call
from ..keys import runtime_of
from ..paging import next_cursor, page_request
from ..query import DeliveriesQuery, PageQuery
from ..shapes.shape import Listing, listed
from ..shapes.webhooks import Webhook, WebhookDelivery, WebhookOverview

_SEQ: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_ALL: Final = "/api/webhooks"
_ONE: Final = f"{_ALL}/{{webhook_id}}"
_ADMIN: Final = Role.ADMIN


def calls() -> list[Call]:
    """What can be asked of webhooks."""
    missing = (NotFound,)
    sent = (NotFound, IllegalTransition)
    accepted, gone = HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT
    retried = f"{_ONE}/deliveries/{{seq}}/retry"
    return [
        Call("listWebhooks", "GET", _ALL, list_webhooks, _ADMIN),
        Call("createWebhook", "POST", _ALL, create, _ADMIN, HTTPStatus.CREATED),
        Call("getWebhook", "GET", _ONE, read, _ADMIN, errors=missing),
        Call("updateWebhook", "PUT", _ONE, update, _ADMIN, errors=missing),
        Call("deleteWebhook", "DELETE", _ONE, delete, _ADMIN, gone, errors=missing),
        Call("testWebhook", "POST", f"{_ONE}/test", test, _ADMIN, accepted, errors=sent),
        Call(
            "listWebhookDeliveries", "GET", f"{_ONE}/deliveries", deliveries, _ADMIN, errors=missing
        ),
        Call("retryWebhookDelivery", "POST", retried, retry, _ADMIN, accepted, errors=sent),
    ]


async def list_webhooks(request: web.Request, query: PageQuery) -> Answer[Listing[WebhookOverview]]:
    """The webhooks, oldest first."""
    page = page_request(query, "webhooks", (int, str))
    found = await answered(runtime_of(request).list_webhooks(page))
    following = next_cursor(found, "webhooks")
    return ok_large(lambda: listed(found, following, WebhookOverview.of_overview))


async def create(request: web.Request, body: intake.NewWebhook) -> Answer[Webhook]:
    """Have an address told of what happens from now on; a secret that is made is shown this once."""
    made = await answered(runtime_of(request).create_webhook(body))
    location = {"Location": f"{_ALL}/{made.webhook.id}"}
    return ok(Webhook.of(made.webhook, made.secret), location)


async def read(request: web.Request) -> Answer[WebhookOverview]:
    """A webhook, and how its deliveries stand."""
    found = await answered(runtime_of(request).get_webhook(_key(request)))
    return ok(WebhookOverview.of_overview(found))


async def update(request: web.Request, body: intake.WebhookChanged) -> Answer[Webhook]:
    """Change what is given, keep the rest; a secret that is made is shown this once."""
    found = await answered(runtime_of(request).update_webhook(_key(request), body))
    return ok(Webhook.of(found.webhook, found.secret))


async def delete(request: web.Request) -> None:
    """Forget a webhook with its deliveries."""
    await answered(runtime_of(request).delete_webhook(_key(request)))


async def test(request: web.Request) -> Answer[WebhookDelivery]:
    """Have an event `webhook.test` sent."""
    return ok(WebhookDelivery.of(await answered(runtime_of(request).test_webhook(_key(request)))))


async def deliveries(
    request: web.Request, query: DeliveriesQuery
) -> Answer[Listing[WebhookDelivery]]:
    """What became of the events that a webhook wants, newest first."""
    key = _key(request)
    scope = f"deliveries of {key}"
    page = page_request(query, scope, (int, int))
    found = await answered(runtime_of(request).list_webhook_deliveries(key, query.status, page))
    following = next_cursor(found, scope)
    return ok_large(lambda: listed(found, following, WebhookDelivery.of))


async def retry(request: web.Request) -> Answer[WebhookDelivery]:
    """Have an event sent (again) now, with all the attempts before it."""
    key, seq = _key(request), request.match_info["seq"]
    if not _SEQ.fullmatch(seq):
        raise NotFound("delivery", f"{key}/{seq}")
    found = await answered(runtime_of(request).retry_webhook_delivery(key, int(seq)))
    return ok(WebhookDelivery.of(found))


def _key(request: web.Request) -> str:
    return request.match_info["webhook_id"]
