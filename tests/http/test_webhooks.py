"""`/api/webhooks`, call by call, with receivers on this machine that are really sent to."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from rest_client import RestClient
from site_server import Site
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from waiting import eventually
from web_server import Asked, WebServer

from quarterjack.http.routes.webhooks import calls
from quarterjack.runtime import Workflow
from quarterjack.storage import Role

HOOKS = "/api/webhooks"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FAST = {"attempts": 4, "backoff": "20ms", "factor": 2}


def _workflows() -> list[Workflow]:
    works, fails = Workflow("works"), Workflow("fails")

    @works.step
    def work() -> str:
        return "done"

    @fails.step
    def fail() -> None:
        raise LookupError("nothing there")

    return [works, fails]


@pytest.fixture
def receiver() -> Iterator[WebServer]:
    with WebServer() as started:
        yield started


@pytest.fixture
def client() -> Iterator[RestClient]:
    with Site(_workflows(), webhook_allow_private=True, webhook_retry=FAST) as site:
        yield site.client


def make(client: RestClient, url: str, **more: Any) -> dict[str, Any]:
    answer = client.post(HOOKS, {"url": url, "topics": ["workflow:failed"], **more})
    assert answer.status == 201, answer.raw
    assert answer.headers["location"] == f"{HOOKS}/{answer.body['id']}"
    found: dict[str, Any] = answer.body
    return found


def deliveries(client: RestClient, hook: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{HOOKS}/{hook['id']}/deliveries{query}")
    assert answer.status == 200, answer.raw
    items: list[dict[str, Any]] = answer.body["items"]
    return items


def ended(client: RestClient, hook: dict[str, Any], status: str, count: int = 1) -> Any:
    """The deliveries, when so many have that status."""

    def look() -> Any:
        found = deliveries(client, hook, f"?status={status}")
        return len(found) == count and found

    return eventually(look)


def verified(asked: Asked, secret: str) -> Any:
    """What came, if it is signed with that secret."""
    return Verifier(secret).verify(asked.body, asked.headers)


def test_a_message_is_signed_as_standard_webhooks_say(
    client: RestClient, receiver: WebServer
) -> None:
    hook = make(client, f"{receiver.url}/in")
    execution_id = client.run("fails")
    (delivery,) = ended(client, hook, "delivered")

    (asked,) = receiver.asked
    (event,) = client.events(topic="workflow:failed")
    assert (asked.method, asked.path) == ("POST", "/in")
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == delivery["messageId"]
    assert verified(asked, hook["secret"]) == event
    assert event["executionId"] == execution_id
    with pytest.raises(WebhookVerificationError):
        verified(asked, SECRET)
    with pytest.raises(WebhookVerificationError):
        verified(asked._replace(body=asked.body + " "), hook["secret"])


def test_a_webhook_is_made_read_changed_and_deleted(client: RestClient) -> None:
    made = make(
        client,
        "https://hooks.example.org/in",
        description="Ours",
        workflowIds=["fails"],
        enabled=False,
    )
    one = f"{HOOKS}/{made['id']}"
    read = client.get(one)
    changed = client.put(one, {"topics": ["schedule:*"], "scheduleId": "sch_1"})
    listed = client.get(HOOKS)
    deleted = client.delete(one)

    assert made["secret"].startswith("whsec_")
    assert read.body == {
        **made,
        "secret": "***",
        "deliveries": {"pending": 0, "failed": 0, "delivered": 0, "givenUp": 0},
    }
    assert made["disabledReason"] is None
    assert (changed.status, changed.body["secret"]) == (200, "***")
    assert (changed.body["topics"], changed.body["scheduleId"]) == (["schedule:*"], "sch_1")
    assert (changed.body["description"], changed.body["workflowIds"]) == ("Ours", ["fails"])
    assert [each["id"] for each in listed.body["items"]] == [made["id"]]
    assert listed.body["items"][0]["secret"] == "***"
    assert (deleted.status, deleted.raw) == (204, b"")
    assert {
        client.get(one).status,
        client.put(one, {}).status,
        client.delete(one).status,
        client.post(f"{one}/test").status,
        client.get(f"{one}/deliveries").status,
        client.post(f"{one}/deliveries/1/retry").status,
    } == {404}


def test_a_secret_is_replaced_by_a_new_one_on_demand(
    client: RestClient, receiver: WebServer
) -> None:
    hook = make(client, receiver.url)
    changed = client.put(f"{HOOKS}/{hook['id']}", {"secret": None}).body
    client.post(f"{HOOKS}/{hook['id']}/test")
    ended(client, hook, "delivered")

    assert changed["secret"] != hook["secret"]
    assert verified(receiver.asked[0], changed["secret"])["type"] == "webhook.test"


def test_a_secret_of_ones_own_is_never_shown(client: RestClient, receiver: WebServer) -> None:
    hook = make(client, receiver.url, secret=SECRET)
    client.post(f"{HOOKS}/{hook['id']}/test")
    ended(client, hook, "delivered")

    assert hook["secret"] == "***"
    assert verified(receiver.asked[0], SECRET)


def test_a_secret_is_looked_up_when_a_message_is_sent(
    client: RestClient, receiver: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    by_file = make(client, f"{receiver.url}/file", secret={"file": str(file)})
    by_env = make(client, f"{receiver.url}/env", secret={"env": "HOOK_SECRET_OF_TEST"})
    for hook in (by_file, by_env):
        client.post(f"{HOOKS}/{hook['id']}/test")
    missing = [*ended(client, by_file, "givenUp"), *ended(client, by_env, "givenUp")]
    file.write_text(f"{SECRET}\n")
    monkeypatch.setenv("HOOK_SECRET_OF_TEST", SECRET)
    for hook in (by_file, by_env):
        client.post(f"{HOOKS}/{hook['id']}/deliveries/-1/retry")
        ended(client, hook, "delivered")

    assert by_file["secret"] == {"file": str(file)}
    assert ["is not there" in each["lastError"] for each in missing] == [True, True]
    assert sorted(asked.path for asked in receiver.asked) == ["/env", "/file"]
    assert all(verified(asked, SECRET) for asked in receiver.asked)


def test_no_secret_is_in_the_log_or_in_an_error(
    client: RestClient, receiver: WebServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "quarterjack")
    file = tmp_path / "secret"
    file.write_text("whsec_dG9vc2hvcnQ=")
    hooks = [
        make(client, receiver.url, secret={"file": str(file)}),
        make(client, f"{receiver.url}/t0k3n-in-the-path"),
    ]
    receiver.answer("/t0k3n-in-the-path", 500)
    for hook in hooks:
        client.post(f"{HOOKS}/{hook['id']}/test")
    told = [ended(client, hook, "givenUp")[0]["lastError"] for hook in hooks]
    refused = client.post(HOOKS, {"url": "x", "topics": ["*"], "secret": "whsec_bm90c2VjcmV0"})

    everything = f"{caplog.text} {told} {refused.raw!r}"
    assert "holds no secret" in told[0]
    assert refused.status == 422
    for hidden in ("dG9vc2hvcnQ", hooks[1]["secret"][6:], "t0k3n", "bm90c2VjcmV0"):
        assert hidden not in everything


def test_the_log_tells_of_a_dead_receiver_once(
    client: RestClient, receiver: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "quarterjack.webhooks")
    receiver.answer("/in", 500)
    hook = make(client, f"{receiver.url}/in")
    for _ in range(5):
        client.post(f"{HOOKS}/{hook['id']}/test")
    ended(client, hook, "givenUp", 5)
    receiver.answer("/in", 204)
    client.post(f"{HOOKS}/{hook['id']}/test")
    ended(client, hook, "delivered")

    levels = [each.levelname for each in caplog.records if each.name == "quarterjack.webhooks"]
    assert levels == ["WARNING", "ERROR", "INFO"]


def test_a_failing_receiver_is_tried_until_it_takes_the_message(
    client: RestClient, receiver: WebServer
) -> None:
    async def twice(_: web.Request) -> web.Response:
        return web.Response(status=500 if len(receiver.asked) < 3 else 204)

    receiver.handlers["/in"] = twice
    hook = make(client, f"{receiver.url}/in")
    client.run("fails")
    (delivery,) = ended(client, hook, "delivered")

    assert (delivery["attempts"], delivery["lastStatus"]) == (3, 204)
    assert delivery["lastError"] is delivery["nextAttemptAt"] is None
    assert delivery["deliveredAt"] == delivery["attemptedAt"]
    assert 0 < delivery["duration"] < 10
    assert len({asked.headers["webhook-id"] for asked in receiver.asked}) == 1
    assert len({asked.body for asked in receiver.asked}) == 1
    assert all(verified(asked, hook["secret"]) for asked in receiver.asked)


def test_a_slow_receiver_holds_up_nobody_else(client: RestClient, receiver: WebServer) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    receiver.handlers["/slow"] = hang
    slow = make(client, f"{receiver.url}/slow")
    quick = make(client, f"{receiver.url}/quick")
    for _ in range(20):
        client.run("fails")
    ended(client, quick, "delivered", 20)

    assert [asked.path for asked in receiver.asked].count("/slow") == 4
    assert {each["status"] for each in deliveries(client, slow)} == {"pending"}


def test_a_redirect_is_not_followed(client: RestClient, receiver: WebServer) -> None:
    receiver.answer("/in", 307, Location="/elsewhere")
    hook = make(client, f"{receiver.url}/in")
    client.post(f"{HOOKS}/{hook['id']}/test")
    (delivery,) = ended(client, hook, "givenUp")

    assert (delivery["attempts"], delivery["lastStatus"]) == (4, 307)
    assert {asked.path for asked in receiver.asked} == {"/in"}


def test_an_answer_without_end_is_not_read_to_the_end(
    client: RestClient, receiver: WebServer
) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 10_000)

    receiver.handlers["/in"] = endless
    hook = make(client, f"{receiver.url}/in")
    client.post(f"{HOOKS}/{hook['id']}/test")
    (delivery,) = ended(client, hook, "delivered")

    assert delivery["lastStatus"] == 200
    assert delivery["duration"] < 5


def test_a_receiver_that_is_gone_switches_its_webhook_off(
    client: RestClient, receiver: WebServer
) -> None:
    receiver.answer("/in", 410)
    hook = make(client, f"{receiver.url}/in")
    client.run("fails")
    (delivery,) = ended(client, hook, "givenUp")
    found = client.get(f"{HOOKS}/{hook['id']}").body
    refused = client.post(f"{HOOKS}/{hook['id']}/test")
    client.put(f"{HOOKS}/{hook['id']}", {"enabled": True, "url": receiver.url})
    client.run("fails")
    ended(client, hook, "delivered")

    assert delivery["attempts"] == 1
    assert (found["enabled"], "410" in found["disabledReason"]) == (False, True)
    assert (refused.status, refused.body["type"].rpartition(":")[2]) == (409, "illegal-transition")


def test_nobody_there_is_told_in_the_delivery(client: RestClient) -> None:
    hook = make(client, "http://127.0.0.1:1/in")
    client.run("fails")
    (delivery,) = ended(client, hook, "givenUp")

    assert delivery["lastStatus"] is None
    assert "ClientConnectorError" in delivery["lastError"]
    assert client.get(f"{HOOKS}/{hook['id']}").body["deliveries"]["givenUp"] == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "169.254.169.254"])
def test_a_private_address_is_not_connected_to_unless_allowed(
    receiver: WebServer, host: str
) -> None:
    with Site(_workflows(), webhook_retry={"attempts": 1}) as site:
        client = site.client
        hook = make(client, f"http://{host}:{receiver.port}/in")
        client.post(f"{HOOKS}/{hook['id']}/test")
        (delivery,) = ended(client, hook, "givenUp")

    assert "--webhook-allow-private" in delivery["lastError"]
    assert receiver.asked == []


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"topics": ["*"]}, ["url"]),
        ({"url": "https://example.org"}, ["topics"]),
        ({"url": "https://example.org", "topics": ["workflow:*", "nonsense"]}, ["topics", 1]),
        ({"url": "file:///etc/passwd", "topics": ["*"]}, ["url"]),
        ({"url": "https://example.org", "topics": ["*"], "secret": "hunter2"}, ["secret"]),
        ({"url": "https://example.org", "topics": ["*"], "id": "whk_1"}, ["id"]),
    ],
)
def test_a_webhook_that_makes_no_sense_is_422(
    client: RestClient, body: dict[str, Any], loc: list[str | int]
) -> None:
    answer = client.post(HOOKS, body)
    assert answer.status == 422
    assert answer.fields == [loc]
    assert b"hunter2" not in answer.raw


def test_deliveries_are_listed_in_pages_newest_first(
    client: RestClient, receiver: WebServer
) -> None:
    hook = make(client, receiver.url)
    for _ in range(5):
        client.post(f"{HOOKS}/{hook['id']}/test")
    ended(client, hook, "delivered", 5)
    address = f"{HOOKS}/{hook['id']}/deliveries?limit=2"
    seqs, cursor = [], ""
    while True:
        page = client.get(address + cursor).body
        seqs += [each["seq"] for each in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert seqs == [-5, -4, -3, -2, -1]
    assert client.get(f"{HOOKS}/{hook['id']}/deliveries?status=lost").status == 422


def test_only_a_delivery_that_there_is_can_be_retried(client: RestClient) -> None:
    hook = make(client, "https://hooks.example.org")
    for seq in ("1", "x", "9" * 30):
        assert client.post(f"{HOOKS}/{hook['id']}/deliveries/{seq}/retry").status == 404


def test_all_of_it_is_for_administrators() -> None:
    assert {call.role for call in calls()} == {Role.ADMIN}


def test_the_message_of_an_event_is_what_rest_shows(
    client: RestClient, receiver: WebServer
) -> None:
    make(client, receiver.url, topics=["*"])
    client.ended(client.run("works"))
    stored = client.events()
    eventually(lambda: len(receiver.asked) == len(stored))

    sent = [json.loads(asked.body) for asked in receiver.asked]
    assert sorted(sent, key=lambda each: each["seq"]) == stored
