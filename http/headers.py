"""What every answer says in its headers: what a browser may do with it, when to come back, where to go."""

from typing import Final

from aiohttp import web

from .keys import SETTINGS

API_CSP: Final = "default-src 'none'; frame-ancestors 'none'"
DASHBOARD_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""For pages of the dashboard: what they load and whom they ask is this server, and nothing is inline."""
SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": API_CSP,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "Quarterjack",
    "X-Content-Type-Options": "nosniff",
}
_RETRY_SECONDS: Final = "5"
_COME_BACK: Final = frozenset({429, 503})


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal: complete the headers of an answer; those that it has of its own are kept."""
    headers = response.headers
    headers["Server"] = SECURITY_HEADERS["Server"]  # aiohttp has put its own there
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if response.status in _COME_BACK:
        headers.setdefault("Retry-After", _RETRY_SECONDS)
    prefix = request.app[SETTINGS].path_prefix
    location = headers.get("Location", "")
    if prefix and location.startswith("/"):
        headers["Location"] = prefix + location


def vary_by(response: web.StreamResponse, name: str) -> None:
    """Note that the answer depends on that header of the request."""
    known = response.headers.get("Vary")
    response.headers["Vary"] = name if known is None else f"{known}, {name}"
