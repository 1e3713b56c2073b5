"""Messages over real sockets: in time, to allowed addresses, and one slow name holds up no other."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from web_server import WebServer

from quarterjack.actors.sender import Answer, OutgoingMessage
from quarterjack.runtime.webhook_secrets import key_of, new_secret, signature
from quarterjack.runtime.webhook_sender import WebhookSender
from quarterjack.storage import SeededIds
from quarterjack.storage.webhook_records import SecretSource

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[WebServer]:
    with WebServer() as started:
        yield started


def message(url: str, body: Any = "hello", secret: str = SECRET) -> OutgoingMessage:
    return OutgoingMessage("msg_1_7", url, SecretSource("stored", secret), body, NOW)


def sent(sender: WebhookSender, *messages: OutgoingMessage) -> list[Answer]:
    async def send() -> list[Answer]:
        replies = [sender.send(each) for each in messages]
        return [await reply for reply in replies]

    return asyncio.run(send())


def test_a_receiver_that_says_nothing_is_not_waited_for(receiver: WebServer) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(20)
        return web.Response()

    receiver.handlers["/"] = hang
    (answer,) = sent(WebhookSender(allow_private=True, seconds=0.2), message(receiver.url))

    assert answer == Answer(None, "no answer within 0.2 s")


def test_an_answer_that_drips_is_taken_by_its_status(receiver: WebServer) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=202)
        await answer.prepare(request)
        while True:
            await answer.write(b".")
            await asyncio.sleep(0.05)

    receiver.handlers["/"] = drip
    (answer,) = sent(WebhookSender(allow_private=True), message(receiver.url))

    assert answer == Answer(202)


def test_what_a_busy_receiver_says_of_later_is_passed_on(receiver: WebServer) -> None:
    receiver.answer("/", 429, Retry_After="120")
    (answer,) = sent(WebhookSender(allow_private=True), message(receiver.url))

    assert answer == Answer(429, "answered 429", "120")


def test_a_name_server_that_does_not_answer_holds_up_one_message_only(
    receiver: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, asked_of = threading.Event(), socket.getaddrinfo

    def slow(host: str, *arguments: Any) -> Any:
        if host.endswith(".slow.example"):
            released.wait(20)
            raise socket.gaierror("no such name")
        return asked_of(host, *arguments)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    hosts = [message(f"http://h{n}.slow.example/") for n in range(40)]
    quick = message(f"http://localhost:{receiver.port}/")
    sender = WebhookSender(allow_private=True, seconds=2)
    try:
        *slow_answers, answer = sent(sender, *hosts, quick)
    finally:
        released.set()

    assert answer == Answer(200)
    assert {each.error for each in slow_answers} == {"no answer within 2 s"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_refused_at_the_socket(receiver: WebServer, host: str) -> None:
    (answer,) = sent(WebhookSender(allow_private=False), message(f"http://{host}:{receiver.port}/"))

    assert answer.status is None
    assert "is no public address" in (answer.error or "")
    assert receiver.asked == []


def test_what_is_broken_off_gives_no_answer(receiver: WebServer) -> None:
    came = threading.Event()

    async def hang(_: web.Request) -> web.Response:
        came.set()
        await asyncio.sleep(20)
        return web.Response()

    receiver.handlers["/"] = hang

    async def play() -> bool:
        sender = WebhookSender(allow_private=True)
        reply = sender.send(message(receiver.url))
        assert await asyncio.to_thread(came.wait, 10)
        sender.close()
        await asyncio.sleep(0)
        return reply.done()

    assert not asyncio.run(play())


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks' reference implementations."""
    found = signature(
        key_of(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_made_secrets_differ_and_can_be_repeated_from_a_seed() -> None:
    ids = SeededIds(1)
    first, second = new_secret(ids), new_secret(ids)

    assert first != second
    assert len(key_of(first)) == 32
    assert new_secret(SeededIds(1)) == first
