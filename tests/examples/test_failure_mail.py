"""Failure mail: what a server tells its webhook becomes an e-mail, once somebody has it for sure."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mail_server import MailServer
from rest_client import RestClient
from waiting import eventually

from quarterjack.examples.failure_mail import WrongSignature, check, letter_of, secret_in
from quarterjack.runtime import Runtime, Settings, Workflow
from quarterjack.runtime.webhook_secrets import key_of, signature
from quarterjack.storage.webhook_records import DeliveryStatus

_SECONDS = 20
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as started:
        yield started


@contextmanager
def program(tmp_path: Path, smtp: int) -> Iterator[str]:
    """The program while it runs; its address."""
    arguments = ("--secret-file", "hook-secret.txt", "--to", "ops@example.org", "--port", "0")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "quarterjack.examples.failure_mail",
            *(*arguments, "--smtp", f"127.0.0.1:{smtp}"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[3].rstrip(";")
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(_SECONDS)
        process.stdout.close()
    assert code == 0


@contextmanager
def runtime() -> Iterator[Runtime]:
    broken = Workflow("broken")

    @broken.step
    def fail() -> None:
        raise LookupError("nothing there\nBcc: eve@example.org")

    retry = {"attempts": 500, "backoff": "100ms", "factor": 1}
    settings = Settings.of(webhook_allow_private=True, webhook_retry=retry)
    with Runtime(workflows=[broken], settings=settings) as started:
        yield started


def test_a_failure_becomes_an_e_mail_when_the_mail_server_takes_it(
    tmp_path: Path, mail_server: MailServer
) -> None:
    mail_server.refuses = True
    with program(tmp_path, mail_server.port) as url, runtime() as server:
        draft = {
            "url": url,
            "topics": ["workflow:failed"],
            "secret": {"file": str(tmp_path / "hook-secret.txt")},
        }
        hook = server.create_webhook(draft).get(timeout=10).webhook.id
        execution_id = server.run("broken").get(timeout=10)

        def failed() -> list[Any]:
            status = DeliveryStatus.FAILED
            return server.list_webhook_deliveries(hook, status).get(timeout=10).items

        (delivery,) = eventually(failed)
        mail_server.refuses = False
        (letter,) = eventually(lambda: mail_server.letters)

    assert delivery.last_status == 503
    assert letter["To"] == "ops@example.org"
    assert letter["Subject"] == "workflow.failed: broken"
    assert letter["Message-ID"] == f"<{delivery.message_id}@quarterjack.invalid>"
    assert letter["Bcc"] is None
    text = letter.get_content().replace("\r\n", "\n")
    assert text.startswith(f"executionId: {execution_id}\nLookupError: nothing there")


def test_who_does_not_know_the_secret_sends_no_e_mail(
    tmp_path: Path, mail_server: MailServer
) -> None:
    with program(tmp_path, mail_server.port) as url:
        answer = RestClient(url).post("/", {"type": "workflow.failed"})
        mode = (tmp_path / "hook-secret.txt").stat().st_mode & 0o777

    assert answer.status == 401
    assert mail_server.letters == []
    assert mode == 0o600


def signed(at: int, body: bytes = b"{}") -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,AAAA {signature(key_of(SECRET), 'msg_1', at, body)}",
    }


def test_a_signature_is_checked_with_its_time() -> None:
    assert check(SECRET, signed(1_000), b"{}", 1_100.0) == "msg_1"
    for headers, body, now, said in (
        (signed(1_000), b"{ }", 1_000.0, "somebody else"),
        (signed(1_000), b"{}", 1_301.0, "too old"),
        (signed(1_000), b"{}", 699.0, "too old"),
        ({}, b"{}", 1_000.0, "no headers"),
        ({**signed(1_000), "webhook-timestamp": "soon"}, b"{}", 1_000.0, "no headers"),
    ):
        with pytest.raises(WrongSignature, match=said):
            check(SECRET, headers, body, now)


def test_a_test_is_an_e_mail_too(tmp_path: Path) -> None:
    event = {
        "type": "webhook.test",
        "workflowId": None,
        "scheduleId": None,
        "executionId": None,
        "timestamp": "2026-03-01T12:00:00.000000Z",
        "data": {"webhookId": "whk_1"},
    }
    letter = letter_of(event, "msg_1", "q@localhost", "ops@example.org")

    assert letter["Subject"] == "webhook.test: a test"
    assert letter.get_content() == "Nothing has happened.\n"


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    first = secret_in(file)

    assert secret_in(file) == first
    assert len(key_of(first)) == 32
