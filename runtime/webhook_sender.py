"""Sends webhooks' messages over HTTP, within ten seconds each; what a request is, is said in `webhook_post`.

That module, which loads an HTTP client, is loaded with the first message, on a thread: most programs send
none.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from quarterjack.actors.engine import Reply
from quarterjack.actors.sender import Answer, OutgoingMessage

from .builtin.host_rules import HostRules
from .hosts import in_thread

SECONDS: Final = 10.0
"""For a whole attempt, from looking up the name to the status of the answer."""
Post = Callable[[OutgoingMessage, HostRules], Awaitable[Answer]]


class WebhookSender:
    """One per runtime; its messages are tasks of the loop that it is called on."""

    def __init__(self, allow_private: bool, seconds: float = SECONDS) -> None:
        self._rules = HostRules(allow_private=allow_private, option="--webhook-allow-private")
        self._seconds = seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._post: Post | None = None

    def send(self, message: OutgoingMessage) -> Reply[Answer]:
        """Send it; what came of it, also if nothing did."""
        reply: Reply[Answer] = Reply()
        task = asyncio.get_running_loop().create_task(self._send(message, reply))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return reply

    def close(self) -> None:
        """Break off what is being sent; it is sent again at the next start."""
        for task in self._tasks:
            task.cancel()

    async def _send(self, message: OutgoingMessage, reply: Reply[Answer]) -> None:
        if self._post is None:
            self._post = await in_thread(_loaded, "webhook-client")
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                answer = await self._post(message, self._rules)
        except TimeoutError:
            answer = Answer(None, f"no answer within {self._seconds:g} s")
        reply.settle(answer)


def _loaded() -> Post:
    from .webhook_post import post

    return post
