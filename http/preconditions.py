"""`If-Match` (RFC 9110, 13.1.1): a change is made only to the version that the client has seen."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from quarterjack.runtime import Runtime
from quarterjack.storage import InvalidInput, VersionConflict

from .answers import answered

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_MOST: Final = 20
_IMPOSSIBLE: Final = 0
"""A version that nothing has: versions begin with 1."""


async def wanted_version(request: web.Request, runtime: Runtime, schedule_id: str) -> int | None:
    """The version of a schedule to change, by `If-Match`; None: whichever there is.

    Raises `InvalidInput` for a header that is no list of entity tags, `VersionConflict` when none
    of several tags is the schedule's, `NotFound`.
    """
    text = _given(request)
    if text in ("", "*"):
        return None
    return await _one_of(text, "schedule", schedule_id, runtime.get_schedule)


async def wanted_calendar(request: web.Request, runtime: Runtime, name: str) -> int | None:
    """The same of a calendar; None: whichever there is, or none. With `*` there must be one."""
    text = _given(request)
    if text == "":
        return None
    if text == "*":
        return (await answered(runtime.get_calendar(name))).version
    return await _one_of(text, "calendar", name, runtime.get_calendar)


def _given(request: web.Request) -> str:
    return ",".join(request.headers.getall("If-Match", ())).strip()


async def _one_of(text: str, kind: str, key: str, find: Callable[[str], Awaitable[Any]]) -> int:
    versions = _versions(text, kind)
    if len(versions) == 1:
        return versions[0]
    found = (await answered(find(key))).version
    if found not in versions:
        raise VersionConflict(kind, key, expected=versions[0], found=found)
    return int(found)


def _versions(text: str, kind: str) -> list[int]:
    tags = [_TAG.fullmatch(part.strip()) for part in text.split(",")]
    if len(tags) > _MOST or not all(tags):
        raise InvalidInput.field(
            "header", "If-Match", msg=f'give the ETag of the {kind}, such as "4", or *'
        )
    return [_version(tag) for tag in tags if tag is not None]


def _version(tag: "re.Match[str]") -> int:
    """A weak tag, or one that is not ours, matches nothing."""
    weak, text = tag.groups()
    if weak or not text.isdecimal() or len(text) > 18:
        return _IMPOSSIBLE
    return int(text)
