"""`If-Match` (RFC 9110, 13.1.1): a change is made only to the version that the client has seen."""

import re
from typing import Final

from aiohttp import web

from quarterjack.runtime import Runtime
from quarterjack.storage import InvalidInput, VersionConflict

from .answers import answered

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_MOST: Final = 20
_IMPOSSIBLE: Final = 0
"""A version that no schedule has: versions begin with 1."""


async def wanted_version(request: web.Request, runtime: Runtime, schedule_id: str) -> int | None:
    """The version to change, by `If-Match`; None: whichever there is.

    Raises `InvalidInput` for a header that is no list of entity tags, `VersionConflict` when none
    of several tags is the schedule's, `NotFound`.
    """
    text = ",".join(request.headers.getall("If-Match", ())).strip()
    if text in ("", "*"):
        return None
    versions = _versions(text)
    if len(versions) == 1:
        return versions[0]
    found = (await answered(runtime.get_schedule(schedule_id))).version
    if found not in versions:
        raise VersionConflict("schedule", schedule_id, expected=versions[0], found=found)
    return found


def _versions(text: str) -> list[int]:
    tags = [_TAG.fullmatch(part.strip()) for part in text.split(",")]
    if len(tags) > _MOST or not all(tags):
        raise InvalidInput.field(
            "header", "If-Match", msg='give the ETag of the schedule, such as "4", or *'
        )
    return [_version(tag) for tag in tags if tag is not None]


def _version(tag: "re.Match[str]") -> int:
    """A weak tag, or one that is not ours, matches nothing."""
    weak, text = tag.groups()
    if weak or not text.isdecimal() or len(text) > 18:
        return _IMPOSSIBLE
    return int(text)
