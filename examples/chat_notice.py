"""Chat notice: a message in a chat for each workflow that fails.

For a team that reads a chat. Chat services (Slack, Mattermost, Rocket.Chat, and others by the same form)
have "incoming webhooks": an address that takes `{"text": "…"}` and shows it in a channel. Who knows the
address can write there, so it is read from the file `address_file` when a message is sent, and is in no
parameter, no result and no error.

Shows: a schedule that waits for the ends of all workflows, and so runs without a clock; a step that is
`async def`; retries for what may pass, and none for what will not (`retry_on`).

    quarterjack serve --app quarterjack.examples.chat_notice
    curl -s http://127.0.0.1:8321/api/workflows/chat-notice/schedule -H 'content-type: application/json' \
        -d '{"name": "Failures to the chat",
             "scheduleConfig": {"event": "workflow.failed:*", "overlap": "allow"},
             "executionConfig": {"params": {"address_file": "chat-address.txt"}}}'
"""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from quarterjack.runtime import Retry, StepContext, Workflow

_PATIENCE = aiohttp.ClientTimeout(total=20)
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_LONGEST = 1_000

chat_notice = Workflow(
    "chat-notice",
    description="Tells a chat of a workflow that has failed.",
    rate_limit="30/min",  # a chat is no log; what is more waits
)


class ChatBusy(Exception):
    """The chat service wants to be asked again later."""


class ChatRefused(Exception):
    """The chat service does not take the message, and will not later either."""


@chat_notice.step
def text(ctx: StepContext) -> str:
    """What people read."""
    return text_of(ctx.context["event"]["payload"])


@chat_notice.step(
    retry=Retry(attempts=6, backoff="5s", factor=3, jitter=0.2, retry_on=(ChatBusy, OSError)),
    timeout="30s",
)
async def posted(text: str, address_file: str) -> int:
    """Post it; the status of the answer."""
    address = (await asyncio.to_thread(Path(address_file).read_text, encoding="utf-8")).strip()
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE) as session,
            session.post(address, json={"text": text}, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ChatBusy(f"no answer: {type(error).__name__}") from None  # its text has the address
    if status in _BUSY:
        raise ChatBusy(f"answered {status}")
    if not 200 <= status <= 299:
        raise ChatRefused(f"answered {status}")
    return status


def text_of(payload: dict[str, Any]) -> str:
    """The message for the end of a workflow.

    >>> text_of({"workflowId": "backup", "status": "failed", "executionId": "exe_1", "scheduleId": None,
    ...          "error": {"type": "OSError", "message": "disk full"}})
    'backup failed: OSError: disk full (exe_1)'
    """
    error = payload["error"] or {"type": "no error", "message": ""}
    said = f"{error['type']}: {error['message']}".rstrip(": ")[:_LONGEST]
    return f"{payload['workflowId']} {payload['status']}: {said} ({payload['executionId']})"
