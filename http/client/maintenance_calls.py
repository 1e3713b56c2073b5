"""The database of the server: copied, checked, and freed of what is old."""

from datetime import timedelta
from typing import Final

from quarterjack.actors.engine import Reply

from ..shapes.maintenance import Examined, Pruned
from .asking import Asking
from .flow import Flow
from .request import Wanted

_SECONDS: Final = 3_600.0


class MaintenanceCalls(Asking):
    """The calls that look after the server's database."""

    def backup_pieces(self) -> Flow[bytes]:
        """The database as one file, as it was at one moment: pieces of it, as they come."""
        return self._pieces(Wanted("getBackup", seconds=_SECONDS))

    def check(self) -> Reply[Examined]:
        """Have the whole database read, and told what is wrong with it."""
        return self._ask(Examined, Wanted("checkDatabase", seconds=_SECONDS))

    def prune(
        self,
        older_than: timedelta | None = None,
        *,
        keep: int = 0,
        max_per_workflow: int | None = None,
        workflow_id: str | None = None,
        most: int = 500,
    ) -> Reply[Pruned]:
        """Have up to `most` rows deleted that need not be kept; `more` says whether there are more."""
        body = {
            "olderThan": None if older_than is None else older_than.total_seconds(),
            "keep": keep,
            "maxPerWorkflow": max_per_workflow,
            "workflowId": workflow_id,
            "limit": most,
        }
        return self._ask(Pruned, Wanted("prune", body=body))
