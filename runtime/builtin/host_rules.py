"""Where requests of `quarterjack.http`, and webhooks' messages, may go: by the host's
name, and by the address that it really has.

The address is looked at when the socket for it is made, so it is the one that is connected to: however
it was written, whatever a name server says the next time, and at each redirect.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any, Final

from yarl import URL

from quarterjack.storage import QuarterjackError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
SCHEMES: Final = ("http", "https")
_NAME: Final = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# Not for the internet at large, which older versions of `ipaddress` don't know.
_SPECIAL: Final = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))


class AddressRefused(QuarterjackError):
    """The server's settings don't let requests go there; the message says which setting."""


@dataclass(frozen=True, slots=True)
class HostRules:
    """`allowed` names hosts, `.example.org` all below it; empty: every host."""

    allowed: tuple[str, ...] = ()
    allow_private: bool = False
    option: str = "--http-allow-private"
    """With which private addresses are allowed, for whoever is refused."""

    def refusal(self, url: URL) -> str | None:
        """Why requests to that address are refused, if they are, as far as its text tells."""
        if url.scheme not in SCHEMES:
            return f"{url.scheme or 'no scheme'}: only http and https addresses are requested"
        host = normal_host(url.raw_host or "")
        if not self.allowed or any(_matches(host, each) for each in self.allowed):
            return None
        return f"the host {host!r:.100} is not among the allowed ones (--http-allow-host)"

    def check_url(self, url: URL) -> None:
        """Raise `AddressRefused` if requests there are refused."""
        refusal = self.refusal(url)
        if refusal is not None:
            raise AddressRefused(refusal)

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """The socket for an address of `getaddrinfo`. Raises `AddressRefused`."""
        family, kind, protocol, _, where = address
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise AddressRefused("only internet addresses are connected to")
        if not self.allow_private and not is_public(where[0]):
            raise AddressRefused(
                f"{where[0]} is no public address; allow private ones with {self.option}"
            )
        return socket.socket(family, kind, protocol)


def normal_host(host: str) -> str:
    """A host as it is compared: lower case, no dot at its end, addresses in one form.

    >>> normal_host("Example.ORG."), normal_host("[::0:1]")
    ('example.org', '::1')
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def checked_host(text: str) -> str:
    """An entry of the allowed hosts. Raises `ValueError` for anything but a name or an address.

    >>> checked_host(".Example.org"), checked_host("bücher.example")
    ('.example.org', 'xn--bcher-kva.example')
    """
    dot = "." if text.startswith(".") else ""
    try:
        host = normal_host(URL.build(scheme="http", host=text.removeprefix(".")).raw_host or "")
    except ValueError:
        host = ""
    if ":" not in host and not _NAME.fullmatch(host):
        raise ValueError(
            f"{text!r:.100} is no host; write example.org, or .example.org for all below it"
        )
    return dot + host


def is_public(text: str) -> bool:
    """Whether an address is one of the internet at large.

    >>> [is_public(each) for each in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1", "224.0.0.1")]
    [True, False, False, False]
    """
    address = _inner(ipaddress.ip_address(text.partition("%")[0]))
    return address.is_global and not (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or getattr(address, "is_site_local", False)
        or any(address in network for network in _SPECIAL)
    )


def _inner(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 address leads to, if it is of that sort."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _matches(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed
