"""How a request looks from outside: the client's address, and the scheme and host that it used.

Behind a trusted proxy that is what the proxy says (`X-Forwarded-For`, `-Proto`, `-Host`, or
`Forwarded`, RFC 7239); from anybody else those headers are not looked at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from aiohttp import web

from .addresses import Network, address_of, is_in
from .errors import WrongTarget
from .keys import SETTINGS

_X_FORWARDED: Final = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PAIR: Final = re.compile(r'\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;=]*))\s*(;|,|$)')
_LONGEST_CHAIN: Final = 20
Hop = Mapping[str, str]
"""What one proxy says of the side that it was called from: `for`, `proto`, `host`."""


@dataclass(frozen=True, slots=True)
class Outside:
    """As seen from the outermost proxy that is trusted."""

    address: str
    scheme: str
    host: str
    """With its port, if one was given."""


_OUTSIDE: web.RequestKey[Outside] = web.RequestKey("outside", Outside)


def outside_of(request: web.Request) -> Outside:
    """How the request looks there. Raises `WrongTarget` when a trusted proxy contradicts itself."""
    found = request.get(_OUTSIDE)
    if found is None:
        found = request[_OUTSIDE] = _look(request, request.app[SETTINGS].trusted_proxies)
    return found


def client_address(request: web.Request) -> str:
    """The address that the request comes from, through however many trusted proxies."""
    try:
        return outside_of(request).address
    except WrongTarget:  # it will be refused; it came from the proxy
        return _peer(request)


def _look(request: web.Request, trusted: Sequence[Network]) -> Outside:
    peer = _peer(request)
    seen = Outside(peer, request.scheme, request.headers.get("Host", ""))
    if not is_in(address_of(peer), trusted):
        return seen
    for hop in reversed(_hops(request)[-_LONGEST_CHAIN:]):
        behind = _node(hop.get("for", ""))
        seen = Outside(
            seen.address if behind is None else behind,
            _SCHEMES.get(hop.get("proto", "").lower(), seen.scheme),
            hop.get("host") or seen.host,
        )
        if behind is None or not is_in(address_of(behind), trusted):
            break
    return seen


def _peer(request: web.Request) -> str:
    """Who is at the other end of the connection."""
    return str(address_of(request.remote or "") or "unknown")


def _hops(request: web.Request) -> list[Hop]:
    """What the proxies say, the nearest last."""
    forwarded = request.headers.getall("Forwarded", ())
    others = {name: ",".join(request.headers.getall(name, ())) for name in _X_FORWARDED}
    if forwarded and any(others.values()):
        raise WrongTarget(
            "Both Forwarded and X-Forwarded-* headers came; have the proxy remove one kind of them."
        )
    if forwarded:
        return list(_elements(",".join(forwarded)))
    chain, protos, hosts = (_listed(others[name]) for name in _X_FORWARDED)
    length = max(map(len, (chain, protos, hosts)))
    hops: list[Hop] = []
    for back in range(length, 0, -1):
        hop = {"for": chain[-back]} if back <= len(chain) else {}
        hop |= {"proto": protos[-back]} if back <= len(protos) else {}
        hop |= {"host": hosts[-back]} if back <= len(hosts) else {}
        hops.append(hop)
    return hops


def _listed(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")] if header else []


def _elements(header: str) -> Iterator[Hop]:
    """The elements of `Forwarded`. Raises `WrongTarget`."""
    found: list[dict[str, str]] = [{}]
    at = 0
    while at < len(header):
        match = _PAIR.match(header, at)
        if match is None:
            raise WrongTarget("The proxy's Forwarded header can't be read.")
        name, quoted, plain, end = match.groups()
        found[-1][name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if end == ",":
            found.append({})
        at = match.end()
    return iter(found)


def _node(text: str) -> str | None:
    """The address in a `for`, without a port; None for a name, `unknown` or nothing."""
    if text.startswith("["):
        text = "".join(takewhile(lambda sign: sign != "]", text[1:]))
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    found = address_of(text)
    return None if found is None else str(found)
