"""Mail out: letters written into a mailbox folder (Maildir), no more at a time than its reader likes.

For whoever sends mail with a provider's limits: a password reset must not wait behind a newsletter.
The workflow `mail` puts one letter into `outbox`, from where a mail program sends it; `newsletter`
makes a `mail` of each line of a CSV file with a column `email` and others that the template names.

Shows: limits of a workflow however it was begun (`max_concurrency`, `rate_limit`); priorities: what is
urgent says 0, and overtakes hundreds that wait with 9; executions as items of a list, which have the
priority of the one that began them; parameters refused with the field's name (`wrong_in`).

    quarterjack serve --app quarterjack.examples.mail_out
    curl -s http://127.0.0.1:8321/api/workflows/newsletter/run -H 'content-type: application/json' \
        -d '{"priority": 9, "params": {"subscribers": "all.csv", "template": "june.txt", "outbox": "out"}}'
    curl -s http://127.0.0.1:8321/api/workflows/mail/run -H 'content-type: application/json' \
        -d '{"priority": 0, "params": {"outbox": "out", "message": {
             "to": "ann@example.org", "subject": "Your new password", "body": "Choose one: …"}}}'
"""

import csv
import os
from collections.abc import Iterator, Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from string import Template
from typing import Any

from quarterjack.runtime import StepContext, Workflow

SENDER = "no-reply@localhost"
_FIELDS = ("to", "subject", "body")


def wrong_in(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What can't be sent."""
    message = params["message"]
    if not isinstance(message, dict) or set(message) != set(_FIELDS):
        yield "message", f"it has {', '.join(_FIELDS)}, and nothing else"
    elif not all(isinstance(message[name], str) for name in _FIELDS):
        yield "message", "all of it is text"
    elif not is_address(message["to"]):
        yield "message", f"{message['to']!r:.80} is no address"
    elif "\n" in message["subject"] or "\r" in message["subject"]:
        yield "message", "the subject is one line"


mail = Workflow(
    "mail",
    description="Puts a letter into a mailbox folder.",
    params_check=wrong_in,
    max_concurrency=2,
    rate_limit="10/s",
)
newsletter = Workflow("newsletter", description="A mail for each line of a CSV file.")


@mail.step
def composed(message: dict[str, str], ctx: StepContext, sender: str = SENDER) -> bytes:
    """The letter. Its id is the execution's: however often this runs, it is the same one."""
    letter = EmailMessage()
    letter["From"] = sender
    letter["To"] = message["to"]
    letter["Subject"] = message["subject"]
    letter["Date"] = format_datetime(ctx.scheduled_time)
    letter["Message-ID"] = f"<{ctx.execution_id}@{sender.rpartition('@')[2]}>"
    letter.set_content(message["body"])
    return letter.as_bytes()


@mail.step
def delivered(composed: bytes, outbox: str, ctx: StepContext) -> str:
    """Put it into the mailbox as a whole; its file. Repeated, it takes the place of itself."""
    name = f"{int(ctx.scheduled_time.timestamp())}.{ctx.execution_id}.quarterjack"
    for folder in ("tmp", "new", "cur"):
        Path(outbox, folder).mkdir(parents=True, exist_ok=True)
    begun, done = Path(outbox, "tmp", name), Path(outbox, "new", name)
    with begun.open("wb") as file:
        file.write(composed)
        file.flush()
        os.fsync(file.fileno())
    begun.replace(done)
    return str(done)


@newsletter.step
def letters(subscribers: str, template: str) -> list[dict[str, str]]:
    """A letter for each subscriber with an address; the template's first line is the subject."""
    subject, _, body = Path(template).read_text(encoding="utf-8").partition("\n")
    with Path(subscribers).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if is_address(row["email"])]
    return [
        {
            "to": row["email"],
            "subject": Template(subject).substitute(row).strip(),
            "body": Template(body).substitute(row),
        }
        for row in rows
    ]


newsletter.subworkflow(mail, map={"message": "letters"})


@newsletter.step
def sent(mail: list[str]) -> dict[str, int]:
    """How many."""
    return {"sent": len(mail)}


def is_address(text: str) -> bool:
    """
    >>> is_address("ann@example.org"), is_address("Ann <ann@example.org>"), is_address("ann")
    (True, False, False)
    """
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError):
        return False
    return bool(address.username and address.domain)
