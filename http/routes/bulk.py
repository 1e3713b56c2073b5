"""`/api/schedules/export` and `/import`: all schedules as lines of JSON, out and in."""

import asyncio
import logging
from itertools import islice
from typing import Any, Final

from aiohttp import web

from quarterjack.runtime.bulk import SLICE, ImportReport, LineErrors, ScheduleImport
from quarterjack.storage import FieldError, InvalidInput, QuarterjackError, WorkflowId
from quarterjack.storage.queries import ScheduleFilter

from ..answers import answered, ok_large
from ..errors import TooManyImports
from ..keys import IMPORTS, runtime_of
from ..ndjson import MEDIA_TYPE, Line, read_line, read_lines, write_lines
from ..query import ExportQuery, ImportQuery, read_query

logger = logging.getLogger("quarterjack.http")
_WRITE_SECONDS: Final = 30
"""How long a client may take for a page."""


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [
        web.get("/api/schedules/export", export_schedules),
        web.post("/api/schedules/import", import_schedules),
    ]


async def export_schedules(request: web.Request) -> web.StreamResponse:
    """`GET /api/schedules/export`: oldest first, a page at a time."""
    query = read_query(request, ExportQuery)
    workflow_id = None if query.workflow_id is None else WorkflowId(query.workflow_id)
    wanted = ScheduleFilter(query.status, workflow_id, query.q)
    runtime = runtime_of(request)
    page = await answered(runtime.export_page(wanted, None))
    response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        while True:
            lines = await asyncio.to_thread(write_lines, page.items)
            async with asyncio.timeout(_WRITE_SECONDS):
                await response.write(lines)
            if page.next is None:
                break
            page = await answered(runtime.export_page(wanted, page.next))
        await response.write_eof()
    except Exception as error:  # the answer has begun: all that is left is to break it off
        is_outside = isinstance(error, OSError | QuarterjackError)
        logger.warning("an export broke off: %r", error, exc_info=not is_outside)
        if request.transport is not None:
            request.transport.abort()
    return response


async def import_schedules(request: web.Request) -> web.Response:
    """`POST /api/schedules/import`: 200 with what came of it, also if some lines are wrong."""
    query = read_query(request, ImportQuery)
    places = request.app[IMPORTS]
    if places.locked():
        raise TooManyImports("Other imports are running; send this one when they are done.")
    async with places:
        lines = iter(await read_lines(request))
        importing = runtime_of(request).begin_import(dry_run=query.dry_run)
        while chunk := list(islice(lines, SLICE)):
            forms = await asyncio.to_thread(_read, chunk, importing)
            await answered(importing.take(forms))
        return await ok_large(_report(importing.report))


def _read(lines: list[Line], importing: ScheduleImport) -> list[tuple[int, Any]]:
    """What is on each line; those that can't be read are noted as wrong."""
    found = []
    for line in lines:
        try:
            found.append((line.number, read_line(line)))
        except InvalidInput as error:
            importing.refuse(line.number, error.errors)
    return found


def _report(report: ImportReport) -> dict[str, Any]:
    return {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "errors": [_errors(each) for each in report.errors],
    }


def _errors(found: LineErrors) -> dict[str, Any]:
    return {"line": found.line, "errors": [_error(each) for each in found.errors]}


def _error(found: FieldError) -> dict[str, Any]:
    return {"loc": list(found.loc), "msg": found.msg}
