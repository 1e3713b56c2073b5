"""One webhook's message as a request: signed, to where it may go, and nowhere else.

Redirects are not followed, nothing is decompressed, little of the answer is read, and nothing of it is
kept. Names are looked up on threads of their own, so that a name server that does not answer holds up
one receiver only.
"""

import asyncio
import base64
import json
import socket
from contextlib import suppress
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from quarterjack.actors.sender import Answer, OutgoingMessage
from quarterjack.storage import QuarterjackError

from .builtin.host_rules import HostRules
from .hosts import in_thread
from .webhook_secrets import resolved, signature

_READ_SECONDS: Final = 1.0
_MOST_READ: Final = 65_536
_USER_AGENT: Final = "quarterjack"


async def post(message: OutgoingMessage, rules: HostRules) -> Answer:
    """What came of it, also if nothing did."""
    try:
        return await _answer(message, rules)
    except TimeoutError:
        raise
    except Exception as error:
        return Answer(None, _told(error))


async def _answer(message: OutgoingMessage, rules: HostRules) -> Answer:
    body = encoded(message.body)
    secret = message.secret
    if secret.kind == "file":
        key = await in_thread(lambda: resolved(secret), "webhook-secret")
    else:
        key = resolved(secret)
    timestamp = int(message.at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": message.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key, message.message_id, timestamp, body),
    }
    async with (
        _session(rules) as session,
        session.post(message.url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        await _read_a_little(answer)
        error = None if 200 <= answer.status <= 299 else f"answered {answer.status}"
        return Answer(answer.status, error, answer.headers.get("Retry-After"))


def _session(rules: HostRules) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_ThreadResolver(),
            use_dns_cache=False,
            force_close=True,
            happy_eyeballs_delay=None,  # one address after the other: a refusal comes through
            socket_factory=rules.open_socket,
        ),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
    )


class _ThreadResolver(AbstractResolver):
    """Looks a name up on a thread made for it."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host."""
        found = await in_thread(
            lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM), "webhook-names"
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(where[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, where in found
        ]

    async def close(self) -> None:
        """Nothing is kept."""


def encoded(body: Any) -> bytes:
    """What is sent and signed: compact JSON; bytes in it become base64 text.

    >>> encoded({"name": "é", "raw": b"ab"})
    b'{"name":"\\xc3\\xa9","raw":"YWI="}'
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return text.encode("utf-8", "replace")


async def _read_a_little(answer: aiohttp.ClientResponse) -> None:
    """So that a receiver that says a few words is not cut off; the status is what counts."""
    with suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(_READ_SECONDS):
            read = 0
            async for chunk in answer.content.iter_any():
                read += len(chunk)
                if read >= _MOST_READ:
                    break
    answer.close()


def _told(error: Exception) -> str:
    """An error in words; ours say what to do, others have their class before them."""
    if isinstance(error, QuarterjackError):
        return str(error)
    if isinstance(error, aiohttp.InvalidURL):
        return f"{type(error).__name__}: there can be no request to that address"
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"a {type(value).__name__} has no JSON form")
