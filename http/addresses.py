"""Addresses of the network: in one form each, and told apart by whom they belong to. Pure."""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_of(text: str) -> Address | None:
    """The address that a text is, an IPv4 one also where it came mapped into IPv6; None for another.

    >>> address_of("::ffff:192.0.2.1"), address_of("[2001:db8::1]"), address_of("example.org")
    (IPv4Address('192.0.2.1'), IPv6Address('2001:db8::1'), None)
    """
    try:
        found = ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def is_in(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether the address is in one of the networks."""
    return address is not None and any(address in network for network in networks)


def neighbourhood(text: str) -> str:
    """Whom to count an address for: itself, or in IPv6 the /64 that one customer has for himself.

    >>> neighbourhood("192.0.2.1"), neighbourhood("2001:db8::1"), neighbourhood("?")
    ('192.0.2.1', '2001:db8::/64', '?')
    """
    found = address_of(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return text if found is None else str(found)


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host.rstrip(".").lower() == "localhost":
        return True
    found = address_of(host)
    return found is not None and found.is_loopback


def name_of(authority: str) -> str:
    """The name in a `Host` header, without the port, in lower case.

    >>> name_of("[::1]:8321"), name_of("Example.ORG.:80"), name_of("127.0.0.1")
    ('::1', 'example.org', '127.0.0.1')
    """
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0].rstrip(".").lower()
