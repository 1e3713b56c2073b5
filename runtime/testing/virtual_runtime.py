"""A runtime whose time moves only when told, on the caller's thread, as a function of its seed.

    with VirtualRuntime(workflows=[report]) as runtime:
        schedule_id = runtime.create_scheduled_workflow({...}).get()
        runtime.advance("365 days")

The tree, the database and the policies are the real ones; steps run inline, at once or for as long as
`took` says. A reply's `.get()` runs the actors, leaping from timer to timer until the reply is there.
Webhooks' messages go nowhere: `runtime.receiver` has them.

What can go wrong can be made to: `crash` an actor, `kill` the process and `start` it again on what was
committed, let a step's worker die (`lose_worker`), the wall clock jump (`clock.jump`), and the disk be
full, locked, broken or slow, or lose power at a certain commit (`disk`).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Literal, Self

from quarterjack.actors.engine import Reply, SeededDispatcher, VirtualClock
from quarterjack.actors.runner import AttemptKey, StepTask
from quarterjack.actors.workflow import Workflow
from quarterjack.storage import SeededIds
from quarterjack.storage.database import Address, MemoryAnchor
from quarterjack.storage.durations import parse_duration
from quarterjack.storage.upgrade import open_upgraded

from ..assembly import Assembly, prepare
from ..backfill_calls import BackfillCalls
from ..builtin.book import book_of
from ..bulk import BulkCalls
from ..calendar_calls import read_further
from ..callbacks import CallbackThread
from ..preview_calls import PreviewCalls
from ..settings import Settings
from ..vault.step_secrets import StepSecrets
from .timed_runner import TimedRunner
from .virtual_disk import VirtualDisk
from .virtual_receiver import VirtualReceiver


class CrashedForATest(BaseException):
    """Not an `Exception`: who asked is not answered with it, the actor crashes."""


class VirtualRuntime(BackfillCalls, PreviewCalls, BulkCalls):
    """`seed` decides the order among ready actors, and the ids; None: first come, first served.

    `took` says how long the attempts of steps take in virtual time.
    """

    def __init__(
        self,
        database: str = "sqlite://",
        *,
        workflows: Iterable[Workflow] = (),
        settings: Settings | None = None,
        clock: VirtualClock | None = None,
        seed: int | None = None,
        took: Callable[[StepTask], timedelta] = lambda _: timedelta(0),
    ) -> None:
        self.settings = settings or Settings()
        super().__init__(book_of(workflows, self.settings), SeededIds(seed or 0))
        self.clock = clock or VirtualClock()
        self._address = Address(database)
        self._seed = seed
        self._lives = 0
        self._dispatcher = SeededDispatcher(self.clock, seed)
        self.disk = VirtualDisk(self.clock, lambda: self._dispatcher.close())
        self._runner = TimedRunner(self.clock, took, StepSecrets(self.workflows))
        self._anchor: MemoryAnchor | None = None
        self._callbacks = CallbackThread(inline=True)
        self.receiver = VirtualReceiver()

    def start(self) -> Reply[None]:
        """Start the tree; it has read what is stored when this returns."""
        prepare(self._address)
        if self._lives:
            again = None if self._seed is None else hash((self._seed, self._lives))
            self._dispatcher = SeededDispatcher(self.clock, again)
        self._lives += 1
        assembly = Assembly(
            self._address,
            self.workflows,
            self.settings,
            self._ids,
            self.clock,
            self._dispatcher,
            virtual=True,
            sender=self.receiver,
            virtual_runner=self._runner,
            open_writer=lambda address: self.disk.attach(open_upgraded(address)),
        )
        self._let_go()
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
        self._let_go()
        assembly, self._assembly = self._assembly, None
        if assembly is not None and assembly.root is not None:
            assembly.system.stop(assembly.root)
            self._dispatcher.run_until_idle()
            assembly.close_now()
        return Reply.of(None)

    @property
    def address(self) -> Address:
        """Where the database lies."""
        return self._address

    @property
    def is_up(self) -> bool:
        """Whether it runs: it was started, and has not been stopped, killed, or lost power."""
        return self._assembly is not None and not self._dispatcher.closed

    def kill(self) -> None:
        """End as with SIGKILL: nobody is told, and what is not committed is gone. Go on with `start`.

        Also the steps that were under way are gone. Calls that were not answered never will be.
        """
        assembly, self._assembly = self._running(), None
        self._dispatcher.close()
        self.clock.forget_timers()
        self._runner.forget()
        if self._address.path is None:
            self._anchor = MemoryAnchor(self._address)
        self.disk.lose_power()
        assembly.close_now()

    def _let_go(self) -> None:
        """Of the database in memory, which somebody else holds now."""
        anchor, self._anchor = self._anchor, None
        if anchor is not None:
            anchor.close()

    def advance(self, span: str | float | timedelta) -> None:
        """Move the clock, with everything that is due on the way: `advance("1 day")`."""
        self._dispatcher.advance(parse_duration(span))

    def settle(self, turns: float = math.inf) -> None:
        """Let the actors do all that can be done without time passing, or so many turns of it."""
        self._dispatcher.run_until_idle(turns)

    def now(self) -> datetime:
        """The virtual wall clock."""
        return self.clock.now()

    def crash(self, actor: str, when: Literal["now", "before", "after"] = "now") -> None:
        """Crash the actor at a path below the root, such as `ticker` or `schedules/sch_…`.

        Now, or in its next handler: before that has done anything, or after it has done all. Raises
        `LookupError` when there is no such actor.
        """
        assembly = self._running()
        assert assembly.root is not None
        ref = assembly.system.find(f"{assembly.root.cell.path}/{actor}")
        if ref is None:
            raise LookupError(f"there is no actor {actor!r}; see actors()")
        if when == "now" or ref.cell.actor is None:
            ref.cell.fail(CrashedForATest("now"))
        else:
            crashing = _CrashingHandlers(ref.cell.actor.handlers, when)
            setattr(ref.cell.actor, "handlers", crashing)  # noqa: B010 - only this actor's

    def under_way(self) -> list[AttemptKey]:
        """The attempts of steps that have begun and not ended."""
        return self._runner.under_way()

    def lose_worker(self, key: AttemptKey) -> None:
        """Let the worker die that runs an attempt: it fails with `WorkerDied`."""
        self._runner.lose(key)

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


class _CrashingHandlers(Mapping[type[Any], Any]):
    """An actor's handlers, each of which crashes instead of what it does, or after it."""

    def __init__(self, handlers: Mapping[type[Any], Any], when: Literal["before", "after"]) -> None:
        self._handlers = handlers
        self._when = when

    def __getitem__(self, kind: type[Any]) -> Any:
        handler = self._handlers[kind]

        def crash(actor: Any, message: Any) -> None:
            if self._when == "after":
                handler(actor, message)
            raise CrashedForATest(f"on {kind.__name__}")

        return crash

    def __iter__(self) -> Iterator[type[Any]]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)
