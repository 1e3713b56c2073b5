"""The workflow `quarterjack.http`: one request as one step.

The step runs in the runner `async` and holds no worker. Each attempt has a connection of its own and
keeps nothing: no cookies, no proxy or password from the server's environment.
"""

import asyncio
import codecs
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from quarterjack.actors.workflow import Workflow
from quarterjack.storage import QuarterjackError
from quarterjack.storage.durations import format_duration

from ..step_context import StepContext
from .given_params import revealed
from .host_rules import HostRules
from .http_params import HttpParams
from .kept_bytes import Head
from .names import HTTP

_MOST_READ: Final = 10_000_000
_CHUNK: Final = 65_536
_MOST_REDIRECTS: Final = 10
_SHOWN_OF_BODY: Final = 500
# What these make of bytes is no text of a page; one of them takes quadratic time.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})

MakeResolver = Callable[[], AbstractResolver]


class HttpStatusError(QuarterjackError):
    """The answer's status is not expected; the message has the beginning of the body."""

    def __init__(self, status: int, expected: str, body: str) -> None:
        self.status = status
        super().__init__(f"got {status}, expected {expected}: {body[:_SHOWN_OF_BODY]}")


class HttpConnectionLost(QuarterjackError):
    """The server closed the connection before it had answered; it may have done what was asked."""


class HttpTimedOut(QuarterjackError):
    """The answer was not there, and read, within the request's `timeout`."""


def http_workflow(
    rules: HostRules, make_resolver: MakeResolver = aiohttp.ThreadedResolver
) -> Workflow:
    """The workflow, for hosts that the rules allow."""

    def wrong_in(params: Mapping[str, Any]) -> list[tuple[str, str]]:
        wrong = HttpParams.wrong_in(params)
        if not wrong and (refusal := rules.refusal(URL(params["url"]))) is not None:
            wrong.append(("url", refusal))
        return wrong

    workflow = Workflow(
        HTTP,
        description="Sends an HTTP request, and keeps the answer's status, headers and body.",
        params_check=wrong_in,
        secret_maps=("headers",),
    )

    @workflow.step(runner="async")
    async def request(
        ctx: StepContext,
        url: str,
        method: str | None = None,
        headers: dict[str, Any] | None = None,
        body: str | None = None,
        json: Any = None,
        timeout: str | float | None = None,  # noqa: ASYNC109  (given by a user, kept by the step)
        expect_status: list[int | str] | None = None,
        max_body: int | None = None,
        follow_redirects: bool | None = None,
    ) -> dict[str, Any]:
        params = HttpParams.read(
            url=url,
            method=method,
            headers=revealed(headers),
            body=body,
            json=json,
            timeout=timeout,
            expect_status=expect_status,
            max_body=max_body,
            follow_redirects=follow_redirects,
        )
        async with _session(rules, make_resolver) as session:
            return await _answer(session, params, ctx)

    return workflow


def _session(rules: HostRules, make_resolver: MakeResolver) -> aiohttp.ClientSession:
    async def send_once(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Each hop is checked; a lost one is not sent again by aiohttp: that is for the retry policy."""
        rules.check_url(request.url)
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise HttpConnectionLost(
                f"{request.url.host} closed the connection without an answer ({error})"
            ) from error

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=make_resolver(),
            use_dns_cache=False,
            force_close=True,
            happy_eyeballs_delay=None,  # one address after the other, so that a refusal comes through
            socket_factory=rules.open_socket,
        ),
        middlewares=(send_once,),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
    )


async def _answer(
    session: aiohttp.ClientSession, params: HttpParams, ctx: StepContext
) -> dict[str, Any]:
    """The answer as a result. Raises `HttpStatusError`, `HttpTimedOut`, and what aiohttp raises."""
    limit = asyncio.timeout(params.timeout.total_seconds())
    try:
        async with (
            limit,
            session.request(
                params.method,
                URL(params.url),
                headers=params.all_headers(ctx.idempotency_key),
                data=params.payload(),
                allow_redirects=params.follow_redirects,
                max_redirects=_MOST_REDIRECTS,
            ) as response,
        ):
            body = await _read(response, params.max_body)
    except TimeoutError:
        if not limit.expired():
            raise
        raise HttpTimedOut(
            f"no whole answer from {URL(params.url).host} within {format_duration(params.timeout)}"
        ) from None
    text = _plain(body.text(_charset(response)))
    if not params.expects(response.status):
        raise HttpStatusError(response.status, params.expected, text)
    whole = max(body.total, response.content_length or 0) if params.method != "HEAD" else body.total
    return {
        "status": response.status,
        "headers": _headers(response),
        "body": text,
        "bodyDropped": whole - body.kept,
        "url": str(response.url),
    }


async def _read(response: aiohttp.ClientResponse, limit: int) -> Head:
    """The beginning of the body; the rest is read only to count it, and not for ever."""
    body = Head(limit)
    async for chunk in response.content.iter_chunked(_CHUNK):
        body.add(chunk)
        if body.total >= _MOST_READ:
            response.close()
            break
    return body


def _charset(response: aiohttp.ClientResponse) -> str:
    given = response.charset or "utf-8"
    try:
        name = codecs.lookup(given).name.replace("_", "-")
        if name not in _NO_CHARSETS:
            b"a".decode(given, "replace")
            return given
    except (LookupError, ValueError):
        pass
    return "utf-8"


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {
        _plain(name.lower()): _plain(", ".join(response.headers.getall(name)))
        for name in response.headers
    }


def _plain(text: str) -> str:
    """Text that can be stored: what was no Unicode is replaced.

    >>> _plain("a\\udcffb")
    'a?b'
    """
    return text.encode(errors="replace").decode()
