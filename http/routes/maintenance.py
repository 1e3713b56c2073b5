"""`/api/backup`, `/api/check`, `/api/prune`: looking after the database while it is used."""

import asyncio
import shutil
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import web

from quarterjack.storage import Role

from ..answers import Answer, answered, ok
from ..call import Call
from ..errors import TooManyImports
from ..keys import IMPORTS, runtime_of
from ..shapes.maintenance import Examined, PruneBody, Pruned

_MEDIA: Final = "application/vnd.sqlite3"
_PIECE: Final = 262_144
_WRITE_SECONDS: Final = 60.0


def calls() -> list[Call]:
    """What can be asked of the database itself."""
    busy = (TooManyImports,)
    return [
        Call("getBackup", "GET", "/api/backup", backup, Role.ADMIN, errors=busy, media=_MEDIA),
        Call("checkDatabase", "GET", "/api/check", check, Role.ADMIN, errors=busy),
        Call("prune", "POST", "/api/prune", prune, Role.ADMIN, HTTPStatus.OK),
    ]


async def backup(request: web.Request) -> web.StreamResponse:
    """The whole database as one file, as it was at one moment."""
    places = _place(request)
    response = web.StreamResponse(
        headers={
            "Content-Type": _MEDIA,
            "Content-Disposition": 'attachment; filename="quarterjack.db"',
        }
    )
    async with places:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="quarterjack-backup-"))
        try:
            copy = folder / "quarterjack.db"
            await answered(runtime_of(request).backup(copy))
            size = await asyncio.to_thread(lambda: copy.stat().st_size)
            response.content_length = size
            await response.prepare(request)
            if request.method != "HEAD":
                await _send(response, copy)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return response


async def check(request: web.Request) -> Answer[Examined]:
    """Read the whole database: whether it is whole, and what is in it."""
    async with _place(request):
        return ok(Examined.of(await answered(runtime_of(request).check())))


async def prune(request: web.Request, body: PruneBody) -> Answer[Pruned]:
    """Delete some of what is old; ask again while there is more."""
    reply = runtime_of(request).prune(
        body.older_than,
        keep=body.keep,
        max_per_workflow=body.max_per_workflow,
        workflow_id=body.workflow_id,
        most=body.limit,
    )
    return ok(Pruned.of(await answered(reply)))


def _place(request: web.Request) -> asyncio.Semaphore:
    """These take time and disk, as imports do, so they share their places."""
    places = request.app[IMPORTS]
    if places.locked():
        raise TooManyImports(
            "Other imports, checks or backups are running; ask again when they end."
        )
    return places


async def _send(response: web.StreamResponse, copy: Path) -> None:
    file: BinaryIO = await asyncio.to_thread(copy.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            async with asyncio.timeout(_WRITE_SECONDS):
                await response.write(piece)
        await response.write_eof()
    finally:
        await asyncio.to_thread(file.close)
