"""`/` and `/dashboard/…`: the dashboard's page and its files. They hold no data, so anybody may have them."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from quarterjack.storage import NotFound

from ..call import Call
from ..dashboard_files import DASHBOARD_FILES, DashboardFile
from ..headers import DASHBOARD_CSP

_PAGE: Final = "index.html"


def calls() -> list[Call]:
    """The page, and what it loads."""
    one = "/dashboard/{file}"
    return [
        Call("getDashboard", "GET", "/", page, role=None, media="text/html"),
        Call("getDashboardFile", "GET", one, file, None, errors=(NotFound,), media="*/*"),
        Call(
            "getDashboardModule",
            "GET",
            "/dashboard/{folder}/{file}",
            file,
            None,
            errors=(NotFound,),
            media="*/*",
        ),
    ]


async def page(request: web.Request) -> web.StreamResponse:
    """The dashboard: a page that talks to this interface."""
    return _sent(request, DASHBOARD_FILES[_PAGE])


async def file(request: web.Request) -> web.StreamResponse:
    """A module, style sheet or picture of the dashboard."""
    named = request.match_info
    name = "/".join(named[part] for part in ("folder", "file") if part in named)
    found = DASHBOARD_FILES.get(name)
    if found is None:
        raise NotFound("dashboard file", name)
    return _sent(request, found)


def _sent(request: web.Request, found: DashboardFile) -> web.StreamResponse:
    """The file, or 304 if the browser has it; it asks each time, so a new version is seen at once."""
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": DASHBOARD_CSP,
        "ETag": found.etag,
    }
    if found.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=found.body, content_type=found.media, charset="utf-8", headers=headers)
