"""How the server faces the outside: its names, its proxies, and what a connection may take.

Everything has the default that is safe for a server on the loopback interface.
"""

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from yarl import URL

from quarterjack.actors.drafts import validated
from quarterjack.storage.durations import Duration
from quarterjack.storage.wire_model import WireModel

from .addresses import Network, address_of, is_loopback, name_of

_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_ANYWHERE: Final = frozenset({"", "0.0.0.0", "::"})


def _prefix(text: str) -> str:
    text = text.rstrip("/")
    if text and (not _PREFIX.fullmatch(text) or {".", ".."} & set(text.split("/"))):
        raise ValueError(f"{text!r:.100} is no path; write one such as /quarterjack")
    return text


def _network(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return ipaddress.ip_network(given)
    except ValueError as error:
        raise ValueError(f"{error}; write an address, or a network such as 10.0.0.0/8") from None


def _name(text: str) -> str:
    name = name_of(text if text.startswith("[") or text.count(":") < 2 else f"[{text}]")
    if "/" in text or (address_of(name) is None and not _NAME.fullmatch(name)):
        raise ValueError(f"{text!r:.100} is no name of a host; write one such as cron.example.org")
    return name


def _origin(text: str) -> str:
    try:
        found = URL(text)
        own = found.origin()
    except ValueError:
        own = None
    if own is None or found.scheme not in ("http", "https") or found.path_qs != "/":
        raise ValueError(f"{text!r:.100} is no origin; write one such as https://tools.example.org")
    return str(own)


class HttpSettings(WireModel):
    """`HttpSettings.of(path_prefix="/cron")` checks and converts; unknown names are refused."""

    model_config = ConfigDict(alias_generator=None)  # Python's names: they are keyword arguments

    host: str = "127.0.0.1"
    """The name or address that is listened on."""
    path_prefix: Annotated[str, AfterValidator(_prefix)] = ""
    """Under which path a reverse proxy shows the server."""
    trusted_proxies: tuple[Annotated[Network, BeforeValidator(_network)], ...] = ()
    """From where it is believed on whose behalf a request comes."""
    allow_hosts: tuple[Annotated[str, AfterValidator(_name)], ...] = ()
    """Names that the server answers for, besides that of `host` and the loopback ones."""
    allow_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Whose pages may call, besides the server's own."""
    tls_cert: Path | None = None
    """A PEM file with the certificate and those up to its root; with it HTTPS is spoken."""
    tls_key: Path | None = None
    """The PEM file of the certificate's key."""
    connections: int = Field(default=12_000, ge=1, le=1_000_000)
    """How many at once; one that has no request on its way gives way to a new one."""
    connections_per_address: int = Field(default=1_000, ge=1, le=1_000_000)
    """How many of those one address may have, or one /64 of IPv6."""
    shared_addresses: tuple[Annotated[Network, BeforeValidator(_network)], ...] = (
        ipaddress.ip_network("127.0.0.0/8"),
        ipaddress.ip_network("::1"),
    )
    """Many clients may have one of them, as that of a trusted proxy: without a limit of their own."""
    handshake_deadline: Duration = timedelta(seconds=10)
    """For TLS, from the connection to the end of its handshake."""
    head_deadline: Duration = timedelta(seconds=10)
    """From the first byte of a request (the first time: from the connection) to the end of its head."""
    keep_alive: Duration = timedelta(seconds=75)
    """How long a connection may be without a request."""
    write_deadline: Duration = timedelta(seconds=30)
    """How long a client may take nothing of an answer that waits for it."""

    @model_validator(mode="after")
    def _both_or_none(self) -> "HttpSettings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("give both a certificate and its key (tls_cert, tls_key), or none")
        return self

    @classmethod
    def of(cls, **options: Any) -> "HttpSettings":
        """Settings from names and values. Raises `InvalidInput`."""
        return validated(cls, options)

    @property
    def is_beyond_loopback(self) -> bool:
        """Whether others than this machine can connect."""
        return not is_loopback(self.host)

    @property
    def names(self) -> frozenset[str]:
        """The names that it answers for, besides the loopback ones."""
        bound = () if self.host in _ANYWHERE else (name_of(self.host),)
        return frozenset((*bound, *self.allow_hosts))
