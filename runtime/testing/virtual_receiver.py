"""Stands for every receiver of webhooks in virtual time: nothing leaves the process."""

from collections.abc import Callable

from quarterjack.actors.engine import Reply
from quarterjack.actors.sender import Answer, OutgoingMessage


class VirtualReceiver:
    """Takes every message with 204, or as `answer` says; what came is in `got`, oldest first."""

    def __init__(self) -> None:
        self.got: list[OutgoingMessage] = []
        self.answer: Callable[[OutgoingMessage], Answer] = lambda _: Answer(204)

    def send(self, message: OutgoingMessage) -> Reply[Answer]:
        """Answer at once."""
        self.got.append(message)
        return Reply.of(self.answer(message))

    def close(self) -> None:
        """Nothing is open."""
