"""The protocol of who sends webhooks' messages: one HTTP request each, and what was answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from quarterjack.storage import Retry
from quarterjack.storage.plain_data import PlainData
from quarterjack.storage.webhook_records import SecretSource

from .engine import Reply

RETRY: Final = Retry(
    attempts=10, backoff="5s", factor=4, max_backoff=timedelta(hours=8), jitter=0.2
)
"""Ten attempts within a day: after 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, 8 h, 8 h."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What is sent to a webhook's receiver."""

    message_id: str
    url: str
    secret: SecretSource
    body: PlainData
    at: datetime
    """When it is sent, which is signed, too."""


class Answer(NamedTuple):
    """What came of it: the status of an answer, or the error because of which there is none."""

    status: int | None
    error: str | None = None
    retry_after: str | None = None
    """The header of that name, as it came."""


class Sender(Protocol):
    """Sends messages."""

    def send(self, message: OutgoingMessage) -> Reply[Answer]:
        """Send it; never blocks, and never answers with an exception. On the actors' loop."""
        ...

    def close(self) -> None:
        """Send no more, and break off what is being sent. On the loop."""
        ...


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Through whom webhooks' messages go, and how often they are tried."""

    sender: Sender
    retry: Retry = RETRY
