"""The calls that look after the database while it is used: a copy, a check, and deleting what is old."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.actors.janitor import PruneNow
from quarterjack.storage import InvalidInput
from quarterjack.storage.pruning import Pruned
from quarterjack.storage.upkeep import Examined, copy_database, examine, open_to_read

from .assembly import Assembly
from .retention import keep_of

T = TypeVar("T")


class MaintenanceCalls(ABC):
    """Who inherits says how a call is made."""

    def backup(self, target: Path) -> Reply[None]:
        """Copy the database to a new file, all of one moment, while work goes on.

        Raises `DatabaseError`, and `InvalidInput` for a database in memory.
        """

        def copy(assembly: Assembly) -> Reply[None]:
            source = _file_of(assembly)
            return assembly.work_out(lambda: copy_database(source, target), "backup")

        return self._call(copy)

    def check(self) -> Reply[Examined]:
        """Read the whole database and say what is wrong with it; work goes on meanwhile.

        Raises `DatabaseError`, and `InvalidInput` for a database in memory.
        """

        def look(assembly: Assembly) -> Reply[Examined]:
            source = _file_of(assembly)

            def examined() -> Examined:
                connection = open_to_read(source)
                try:
                    return examine(connection)
                finally:
                    connection.close()

            return assembly.work_out(examined, "check")

        return self._call(look)

    def prune(
        self,
        older_than: timedelta | None = None,
        *,
        keep: int = 0,
        max_per_workflow: int | None = None,
        workflow_id: str | None = None,
        most: int = 500,
    ) -> Reply[Pruned]:
        """Delete up to `most` rows that need not be kept; say how many there were and whether there are more.

        What is older: executions that have ended, what was decided about due instants, events, entries
        of the audit table, and what tells of them; with `workflow_id` executions of that workflow only. The
        newest `keep` executions of each workflow stay; with `max_per_workflow` no more than so many stay,
        however young. It is done in short steps with pauses, so that others are not kept waiting, and
        then space is given back. Raises `InvalidInput` for an age below an hour.
        """

        def delete(assembly: Assembly) -> Reply[Pruned]:
            now = assembly.clock.now()
            wanted = keep_of(older_than, now, keep=keep, max_per_workflow=max_per_workflow)
            reply: Reply[Pruned] = assembly.cast.janitor.ask(PruneNow(wanted, workflow_id, most))
            return reply

        return self._call(delete)

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""


def _file_of(assembly: Assembly) -> Path:
    if assembly.database_path is None:
        raise InvalidInput.field("database", msg="is in memory; serve one in a file")
    return assembly.database_path
