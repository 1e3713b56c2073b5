"""What the commands say to a running server, and how its refusals reach the user: one line, exit code 1.

Blocks; nothing is retried. Lines of JSON are read as they come.
"""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast
from urllib.parse import quote, urlencode, urlsplit

import click

from ..ndjson import LARGEST, MEDIA_TYPE, LineSplitter
from .terminal_text import shown

_ANSWER_SECONDS: Final = 60
_BULK_SECONDS: Final = 1_800
"""For an import: the server answers when all lines are stored."""
_LONGEST_PROBLEM: Final = 1_048_576
_PIECE: Final = 65_536


class ClientError(click.ClickException):
    """What the user asked for was not done; the message says why."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        told = "\n".join(map(shown, self.message.split("\n")))
        click.echo(f"quarterjack: {told}", err=True, file=file)


class Refused(ClientError):
    """The server refused it, with an HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Connection:
    """To the server at `url`, with a token if it wants one; each call has a connection of its own.

    Raises `click.UsageError` for what is no address.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise click.UsageError(f"--url {url}: {error}") from None
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise click.UsageError(f"--url {url}: write an address such as http://127.0.0.1:8321")
        self._is_secure = parts.scheme == "https"
        self._host, self._port, self._prefix = host, port, parts.path

    def get(self, path: str, **query: str) -> Any:
        """What there is. Raises `ClientError`."""
        return self._answer("GET", _address(path, query))

    def delete(self, path: str, headers: Mapping[str, str] | None = None) -> None:
        """Remove it. Raises `ClientError`."""
        self._answer("DELETE", path, headers=headers)

    def post(self, path: str, body: Any) -> Any:
        """Send a value as JSON; the answer. Raises `ClientError`."""
        headers = {"Content-Type": "application/json"}
        return self._answer("POST", path, json.dumps(body).encode(), headers=headers)

    def post_lines(self, path: str, body: bytes, **query: str) -> Any:
        """Send lines of JSON; the answer. Raises `ClientError`."""
        headers = {"Content-Type": MEDIA_TYPE}
        if len(body) > LARGEST:
            raise ClientError(f"at most {LARGEST:,} bytes can be sent at once; send it in parts")
        return self._answer(
            "POST", _address(path, query), body, headers=headers, seconds=_BULK_SECONDS
        )

    def lines(self, path: str, **query: str) -> Iterator[bytes]:
        """Each line that there is. Raises `ClientError`, also when they break off."""
        splitter = LineSplitter()
        with self._response("GET", _address(path, query)) as response:
            # not its own lines: for them, the end of the connection is the end
            while piece := response.read(_PIECE):
                yield from (line.raw for line in splitter.add(piece))
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
        yield from (line.raw for line in splitter.rest())

    def _answer(self, method: str, path: str, *more: Any, **options: Any) -> Any:
        with self._response(method, path, *more, **options) as response:
            raw = response.read()
            if not raw:
                return None
            try:
                return json.loads(raw)
            except ValueError:
                raise ClientError(_NOT_OURS.format(self.url, response.status)) from None

    @contextmanager
    def _response(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        kind = http.client.HTTPSConnection if self._is_secure else http.client.HTTPConnection
        seconds = seconds or _ANSWER_SECONDS
        connection = kind(self._host, self._port, timeout=seconds)
        try:
            with self._translated(seconds):
                connection.request(method, self._prefix + path, body, self._headers(headers))
                response = connection.getresponse()
                if response.status >= 400:
                    raise self._refusal(response)
                yield response
        finally:
            connection.close()

    def _headers(self, more: Mapping[str, str] | None) -> dict[str, str]:
        token = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return {"Accept": f"application/json, {MEDIA_TYPE}", **token, **(more or {})}

    @contextmanager
    def _translated(self, seconds: float) -> Iterator[None]:
        """Errors of the net as sentences."""
        try:
            yield
        except ConnectionRefusedError:
            raise ClientError(
                f"there is no server at {self.url}; start one with `quarterjack serve`, "
                "or say where it is with --url"
            ) from None
        except socket.gaierror as error:
            raise ClientError(f"{self.url}: {error.strerror or error}; see --url") from None
        except TimeoutError:
            raise ClientError(
                f"{self.url} did not answer within {seconds:g} seconds; what was asked for may "
                "have been done, so look before repeating"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = f"{error or type(error).__name__}"
            raise ClientError(f"the connection to {self.url} failed: {reason}") from None

    def _refusal(self, response: http.client.HTTPResponse) -> Refused:
        raw = response.read(_LONGEST_PROBLEM)
        status = response.status
        try:
            problem = cast("dict[str, Any]", json.loads(raw))
            told = f"{problem['title']}: {problem['detail']}"
        except (ValueError, TypeError, KeyError):
            told = _NOT_OURS.format(self.url, status)
        if status == http.HTTPStatus.UNAUTHORIZED:
            told += " Give a token with --token or QUARTERJACK_TOKEN."
        return Refused(status, " ".join(told.split()))


_NOT_OURS: Final = "{} answered with status {}, but not as a Quarterjack server does; see --url"


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def schedule_path(key: str) -> str:
    """The address of a schedule.

    >>> schedule_path("sch_1")
    '/api/schedules/sch_1/workflow'
    """
    return f"/api/schedules/{quote(key, safe='')}/workflow"
