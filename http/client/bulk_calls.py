"""Many schedules at once: exported as they come, and imported by their ids."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from quarterjack.actors.engine import Reply
from quarterjack.storage import InvalidInput
from quarterjack.storage.queries import ScheduleFilter

from .. import json_text
from ..ndjson import LARGEST, write_lines
from ..protocol import NDJSON
from ..shapes.bulk import ImportReport
from .asking import Asking
from .flow import Flow
from .request import Wanted

_SECONDS: Final = 1_800.0
"""For an import: the server answers when all lines are stored."""
Form = dict[str, Any]


class BulkCalls(Asking):
    """The calls for many schedules."""

    def export_schedules(self, wanted: ScheduleFilter = ScheduleFilter()) -> Reply[list[Form]]:
        """The schedules in the contract's form, oldest first, as `import_schedules` takes them."""
        lines = self.export_lines(wanted).gathered()
        return lines.map(lambda found: [json_text.load(line) for line in found])

    def export_lines(self, wanted: ScheduleFilter = ScheduleFilter()) -> Flow[bytes]:
        """The same as lines of JSON, as they come: `for line in …`, or `async for`."""
        query = {
            "status": wanted.status,
            "workflow_id": wanted.workflow_id,
            "q": wanted.text or None,
        }
        return self._lines(Wanted("exportSchedules", query=query))

    def import_schedules(
        self, forms: Iterable[Mapping[str, Any]], *, dry_run: bool = False
    ) -> Reply[ImportReport]:
        """Make each schedule so: a new one, or the one with that `id` changed to what its form says.

        What a form leaves out gets its default; without an `id` it is a new schedule, for which one is
        made. A wrong form does not stop the others. With `dry_run`, only what would happen is told.
        """
        try:
            raw = write_lines(forms)
        except (TypeError, ValueError, RecursionError) as error:
            return _wrong(f"that has no JSON form: {error}")
        return self.import_lines(raw, dry_run=dry_run)

    def import_lines(self, lines: bytes, *, dry_run: bool = False) -> Reply[ImportReport]:
        """The same with lines of JSON as they stand in a file."""
        if len(lines) > LARGEST:
            return _wrong(f"at most {LARGEST:,} bytes can be sent at once; send it in parts")
        query = {"dry_run": dry_run or None}
        wanted = Wanted(
            "importSchedules", query=query, raw=lines, media_type=NDJSON, seconds=_SECONDS
        )
        return self._ask(ImportReport, wanted)


def _wrong(msg: str) -> Reply[ImportReport]:
    failed: Reply[ImportReport] = Reply()
    failed.set_exception(InvalidInput.field(msg=msg))
    return failed
