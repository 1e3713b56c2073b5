"""`/api/schedules/export` and `/import`: all schedules as lines of JSON, out and in."""

import asyncio
import logging
from itertools import islice
from typing import Any, Final

from aiohttp import web

from quarterjack.runtime.bulk import SLICE, ScheduleImport
from quarterjack.storage import InvalidInput, QuarterjackError, Role, WorkflowId
from quarterjack.storage.queries import ScheduleFilter

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..compression import compress_stream
from ..errors import TooManyImports
from ..intake import Lines
from ..keys import IMPORTS, runtime_of
from ..ndjson import Line, read_line, write_lines
from ..protocol import NDJSON
from ..query import ExportQuery, ImportQuery
from ..scope import own_workflows
from ..shapes.bulk import ImportReport

logger = logging.getLogger("quarterjack.http")
_WRITE_SECONDS: Final = 30
"""How long a client may take for a page."""


def calls() -> list[Call]:
    """What can be asked of all schedules at once."""
    return [
        Call(
            "exportSchedules",
            "GET",
            "/api/schedules/export",
            export_schedules,
            media=NDJSON,
            is_for_some=True,
        ),
        Call(
            "importSchedules",
            "POST",
            "/api/schedules/import",
            import_schedules,
            Role.ADMIN,
            errors=(TooManyImports,),
        ),
    ]


async def export_schedules(request: web.Request, query: ExportQuery) -> web.StreamResponse:
    """All scheduled workflows as lines of JSON, oldest first."""
    workflow_id = None if query.workflow_id is None else WorkflowId(query.workflow_id)
    wanted = ScheduleFilter(query.status, workflow_id, query.q, own_workflows(request))
    runtime = runtime_of(request)
    page = await answered(runtime.export_page(wanted, None))
    response = web.StreamResponse(headers={"Content-Type": NDJSON})
    compress_stream(request, response)
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


async def import_schedules(
    request: web.Request, query: ImportQuery, body: Lines
) -> Answer[ImportReport]:
    """Make each scheduled workflow so; a wrong line does not stop the others."""
    places = request.app[IMPORTS]
    if places.locked():
        raise TooManyImports("Other imports are running; send this one when they are done.")
    async with places:
        lines = iter(await body.read())
        importing = runtime_of(request).begin_import(dry_run=query.dry_run)
        while chunk := list(islice(lines, SLICE)):
            forms = await asyncio.to_thread(_read, chunk, importing)
            await answered(importing.take(forms))
        report = importing.report
        return ok_large(lambda: ImportReport.of(report))


def _read(lines: list[Line], importing: ScheduleImport) -> list[tuple[int, Any]]:
    """What is on each line; those that can't be read are noted as wrong."""
    found = []
    for line in lines:
        try:
            found.append((line.number, read_line(line)))
        except InvalidInput as error:
            importing.refuse(line.number, error.errors)
    return found
