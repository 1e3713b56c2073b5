"""Failure mail: receives webhooks of a server, and sends each message on as an e-mail through SMTP.

A program of its own, beside any server, with nothing to keep: an e-mail counts as sent when the SMTP
server has taken it, and only then the webhook is answered with 204. If that fails, the answer is 503, and
Quarterjack sends the message again for about a day. A message that comes twice becomes two e-mails with
the same `Message-ID`, of which mail programs show one.

Shows: how a receiver checks a signature of Standard Webhooks, with nothing but Python's library, and why
it answers last.

    python -m quarterjack.examples.failure_mail --secret-file hook-secret.txt --to ops@example.org
    curl -s http://127.0.0.1:8321/api/webhooks -H 'content-type: application/json' -d '{
        "url": "http://127.0.0.1:8322/", "topics": ["workflow:failed", "workflow:timedOut"],
        "secret": {"file": "hook-secret.txt"}}'

The server is started with `--webhook-allow-private`, since the address is one of this machine. The file is
made at the first start.
"""

import argparse
import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import signal
import smtplib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

PREFIX: Final = "whsec_"
TOLERANCE: Final = 300
"""Seconds that a message may be old or early: one that was recorded can't be sent again later."""
_SMTP_SECONDS: Final = 8
"""Less than Quarterjack waits for an answer."""


class WrongSignature(Exception):
    """The message is not from whoever has the secret, or is not from now."""


def check(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The id of a message that is signed with the secret. Raises `WrongSignature`."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        message_id, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        given = headers["webhook-signature"].split()
        age = abs(now - int(stamp))
    except (KeyError, ValueError, binascii.Error):
        raise WrongSignature("no headers of a webhook") from None
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = f"v1,{base64.b64encode(digest).decode()}"
    if not any(hmac.compare_digest(each.encode(), expected.encode()) for each in given):
        raise WrongSignature("signed by somebody else")
    if age > TOLERANCE:
        raise WrongSignature("too old")
    return message_id


def letter_of(event: Mapping[str, Any], message_id: str, sender: str, to: str) -> EmailMessage:
    """The e-mail about an event. Whatever an error says stays in the body; the headers are ours."""
    error = event["data"].get("error") or {}
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, to
    letter["Subject"] = f"{event['type']}: {event['workflowId'] or event['scheduleId'] or 'a test'}"
    letter["Date"] = format_datetime(datetime.fromisoformat(event["timestamp"]))
    letter["Message-ID"] = f"<{message_id}@quarterjack.invalid>"
    lines = [f"{name}: {event[name]}" for name in ("executionId", "scheduleId") if event[name]]
    lines += [f"{error['type']}: {error['message']}"] if error else []
    letter.set_content("\n".join(lines or ["Nothing has happened."]) + "\n")
    return letter


def send(letter: EmailMessage, host: str, port: int) -> None:
    """Give it to the SMTP server. Raises `OSError`, of which `SMTPException` is one."""
    with smtplib.SMTP(host, port, timeout=_SMTP_SECONDS) as smtp:
        smtp.send_message(letter)


def receiver(secret: str, smtp: tuple[str, int], sender: str, to: str) -> web.Application:
    """Takes webhooks at `/`."""

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            message_id = check(secret, request.headers, body, time.time())
        except WrongSignature as error:
            return web.Response(status=401, text=str(error))
        letter = letter_of(json.loads(body), message_id, sender, to)
        try:
            await asyncio.to_thread(send, letter, *smtp)
        except OSError as error:
            print(f"{message_id}: {error}; it comes again", flush=True)
            return web.Response(status=503)
        print(f"{message_id}: {letter['Subject']}", flush=True)
        return web.Response(status=204)

    app = web.Application(client_max_size=1_000_000)
    app.router.add_post("/", receive)
    return app


def secret_in(file: Path) -> str:
    """The secret in a file, which is made, for its owner only, if it is not there."""
    if not file.exists():
        made = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(f"{made}\n")
    return file.read_text(encoding="ascii").strip()


async def serve(app: web.Application, port: int) -> None:
    """Serve on this machine until SIGINT or SIGTERM; port 0 picks a free one."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, found = runner.addresses[0][:2]
        print(f"Failure mail at http://{host}:{found}/; Ctrl-C ends it.", flush=True)
        await ended.wait()
    finally:
        await runner.cleanup()


def main(arguments: Sequence[str] | None = None) -> None:
    """Receive until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description="Sends webhooks' messages on as e-mails.")
    parser.add_argument("--secret-file", type=Path, required=True, help="Made if it is not there.")
    parser.add_argument("--to", required=True, help="Who gets the e-mails.")
    parser.add_argument("--sender", default="quarterjack@localhost", help="Whom they are from.")
    parser.add_argument("--smtp", default="127.0.0.1:25", metavar="HOST:PORT")
    parser.add_argument("--port", type=int, default=8322, help="Where webhooks are taken (8322).")
    given = parser.parse_args(arguments)
    host, _, port = given.smtp.rpartition(":")
    secret = secret_in(given.secret_file)
    app = receiver(secret, (host, int(port)), given.sender, given.to)
    asyncio.run(serve(app, given.port))
    print("Ended.", flush=True)


if __name__ == "__main__":
    main()
