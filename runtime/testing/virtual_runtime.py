"""A runtime whose time moves only when told, on the caller's thread, as a function of its seed.

    with VirtualRuntime(workflows=[report]) as runtime:
        schedule_id = runtime.create_scheduled_workflow({...}).get()
        runtime.advance("365 days")

The tree, the database and the policies are the real ones; steps run inline. A reply's `.get()` runs
the actors, leaping from timer to timer until the reply is there. Webhooks' messages go nowhere:
`runtime.receiver` has them.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from quarterjack.actors.engine import Reply, SeededDispatcher, VirtualClock
from quarterjack.actors.workflow import Workflow
from quarterjack.storage import SeededIds
from quarterjack.storage.database import Address
from quarterjack.storage.durations import parse_duration

from ..assembly import Assembly, prepare
from ..backfill_calls import BackfillCalls
from ..builtin.book import book_of
from ..bulk import BulkCalls
from ..calendar_calls import read_further
from ..callbacks import CallbackThread
from ..preview_calls import PreviewCalls
from ..settings import Settings
from .virtual_receiver import VirtualReceiver


class VirtualRuntime(BackfillCalls, PreviewCalls, BulkCalls):
    """`seed` decides the order among ready actors, and the ids; None: first come, first served."""

    def __init__(
        self,
        database: str = "sqlite://",
        *,
        workflows: Iterable[Workflow] = (),
        settings: Settings | None = None,
        clock: VirtualClock | None = None,
        seed: int | None = None,
    ) -> None:
        self.settings = settings or Settings()
        super().__init__(book_of(workflows, self.settings), SeededIds(seed or 0))
        self.clock = clock or VirtualClock()
        self._address = Address(database)
        self._dispatcher = SeededDispatcher(self.clock, seed)
        self._callbacks = CallbackThread(inline=True)
        self.receiver = VirtualReceiver()

    def start(self) -> Reply[None]:
        """Start the tree; it has read what is stored when this returns."""
        prepare(self._address)
        assembly = Assembly(
            self._address,
            self.workflows,
            self.settings,
            self._ids,
            self.clock,
            self._dispatcher,
            virtual=True,
            sender=self.receiver,
        )
        self._assembly = assembly
        assembly.start_runners()
        assembly.spawn()
        self._dispatcher.run_until_idle()
        self._load_tokens(assembly)
        read_further(assembly)
        self._dispatcher.run_until_idle()
        return Reply.of(None)

    def stop(self) -> Reply[None]:
        """Stop the tree, as a drain does when no step runs."""
        assembly, self._assembly = self._assembly, None
        if assembly is not None and assembly.root is not None:
            assembly.system.stop(assembly.root)
            self._dispatcher.run_until_idle()
            assembly.close_now()
        return Reply.of(None)

    def advance(self, span: str | float | timedelta) -> None:
        """Move the clock, with everything that is due on the way: `advance("1 day")`."""
        self._dispatcher.advance(parse_duration(span))

    def settle(self, turns: float = math.inf) -> None:
        """Let the actors do all that can be done without time passing, or so many turns of it."""
        self._dispatcher.run_until_idle(turns)

    def now(self) -> datetime:
        """The virtual wall clock."""
        return self.clock.now()

    def crash(self, actor: str) -> None:
        """Crash the actor at a path below the root, such as `ticker` or `schedules/sch_…`."""
        assembly = self._running()
        assert assembly.root is not None
        ref = assembly.system.find(f"{assembly.root.cell.path}/{actor}")
        if ref is None:
            raise LookupError(f"there is no actor {actor!r}; see actors()")
        ref.cell.fail(RuntimeError("crashed for a test"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
