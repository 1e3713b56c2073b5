"""The files of the dashboard, read once when the module is imported, before there is a loop to hold up."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

_MEDIA: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class DashboardFile:
    """A file's text and its type; the tag is of its contents, so that a browser can keep it."""

    body: bytes
    media: str
    etag: str


def _found(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, DashboardFile]]:
    for each in folder.iterdir():
        suffix = each.name[each.name.rfind(".") :]
        if each.is_dir():
            yield from _found(each, f"{prefix}{each.name}/")
        elif suffix in _MEDIA:
            body = each.read_bytes()
            etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
            yield prefix + each.name, DashboardFile(body, _MEDIA[suffix], etag)


DASHBOARD_FILES: Final[Mapping[str, DashboardFile]] = dict(
    _found(resources.files("quarterjack.http") / "dashboard")
)
"""Path below the folder → file."""
