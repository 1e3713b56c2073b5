"""Where a server is: host and port, and the path prefix that a proxy may have put before it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from quarterjack.storage import InvalidInput

_NO_NAMES = ("", ".", "..")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The address, without a slash at its end."""

    url: str

    @classmethod
    def parse(cls, url: str) -> "ServerAddress":
        """Such as `https://jobs.example.org/quarterjack`. Raises `InvalidInput`.

        >>> ServerAddress.parse("http://127.0.0.1:8321/").url
        'http://127.0.0.1:8321'
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise InvalidInput.field("url", msg=str(error)) from None
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise InvalidInput.field("url", msg="write an address such as http://127.0.0.1:8321")
        if parts.username is not None:
            raise InvalidInput.field("url", msg="no user and password: the server takes a token")
        return cls(url.rstrip("/"))

    def of(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The address of a call."""
        return f"{self.url}{path}?{urlencode(query)}" if query else f"{self.url}{path}"

    def websocket(self, path: str) -> str:
        """The same for a WebSocket.

        >>> ServerAddress("https://x/y").websocket("/api/ws")
        'wss://x/y/api/ws'
        """
        return f"ws{self.url.removeprefix('http')}{path}"


def filled(template: str, parts: Mapping[str, str]) -> str | None:
    """The path with its parts filled in; None: one of them can't be a part of a path.

    >>> filled("/api/steps/{step}/logs", {"step": "load[3]"})
    '/api/steps/load%5B3%5D/logs'
    """
    if not all(part not in _NO_NAMES and _is_unicode(part) for part in parts.values()):
        return None
    return template.format_map({name: quote(part, safe="") for name, part in parts.items()})


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
