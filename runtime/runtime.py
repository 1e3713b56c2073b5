"""The embedding API: a scheduler in your own program.

    with Runtime("sqlite:///jobs.db", workflows=[report]) as runtime:
        schedule_id = runtime.create_scheduled_workflow(
            {"workflowId": "daily-report", "name": "Nightly", "scheduleConfig": {"cron": "0 3 * * *"}}
        ).get()

Every call returns a `Reply`: `.get(timeout=…)` in a thread, `await` on any asyncio loop. Errors are
raised there, as subclasses of `QuarterjackError`. Calls are safe from any thread.
"""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from quarterjack.actors.broadcaster import Published
from quarterjack.actors.engine import Clock, LoopDispatcher, LoopLag, Reply, SystemClock
from quarterjack.actors.environment import WatchCounts
from quarterjack.actors.measures import Measures
from quarterjack.actors.traces import Traces
from quarterjack.actors.workflow import Workflow
from quarterjack.storage import IdSource, RandomIds
from quarterjack.storage.database import Address

from . import time_zone_data
from .assembly import Assembly, prepare
from .backfill_calls import BackfillCalls
from .builtin.book import book_of
from .bulk import BulkCalls
from .calendar_calls import read_further
from .health import Health, Readiness, health_of, readiness_of
from .hosts import LoopThread, in_thread
from .preview_calls import PreviewCalls
from .settings import Settings
from .tracing import OpenTraces, traces_opener
from .watch_calls import WatchCalls

if TYPE_CHECKING:
    from .metrics import RuntimeCollector


class Runtime(BackfillCalls, PreviewCalls, BulkCalls, WatchCalls):
    """One scheduler with its database; several can live in one process, each with its own.

    `database` is `sqlite:///FILE` or `sqlite://` (in memory). `traces` takes what is traced, instead of
    what `settings` say; whoever gives it closes it. Raises `WorkflowDefinitionError` for a
    wrong workflow and `InvalidInput` for a wrong database URL.
    """

    def __init__(
        self,
        database: str = "sqlite://",
        *,
        workflows: Iterable[Workflow] = (),
        settings: Settings | None = None,
        ids: IdSource | None = None,
        traces: Traces | None = None,
    ) -> None:
        self.settings = settings or Settings()
        super().__init__(book_of(workflows, self.settings), ids or RandomIds())
        self._address = Address(database)
        self._thread: LoopThread | None = None
        self._lag: LoopLag | None = None
        self._measures = Measures()
        self._traces = traces
        self._open_traces = traces_opener(self.settings)
        self._opened: OpenTraces | None = None
        self._prepared = False
        self._on_failure: Callable[[BaseException], None] | None = None
        self._problem = "not started"
        self._time_zone_data = "not known before the start"

    # Life

    def initialize(self) -> Reply[None]:
        """Open the database, bring its schema up to date, and close it again.

        `start` does this too. Raises `DatabaseError`.
        """
        return in_thread(self._prepare, "initialize")

    def start(self) -> Reply[None]:
        """Start the actors on a thread of their own; there when the reply is.

        Raises `DatabaseError`, `WorkersNotStarted`, and `WorkflowDefinitionError` for a step that
        can't run in a process though it should. Starting what is started changes nothing.
        """
        if self._thread is not None:
            return Reply.of(None)
        self._thread = thread = LoopThread()
        reply: Reply[None] = Reply()

        def began(done: Reply[None]) -> None:
            try:
                done.get()
            except BaseException as error:
                failure = error
                self._thread = None
                in_thread(thread.close, "close").add_done_callback(
                    lambda _: reply.set_exception(failure)
                )
            else:
                reply.set()

        thread.run(self._begin()).add_done_callback(began)
        return reply

    def stop(self, grace: float | None = None) -> Reply[None]:
        """Stop: no new fires, running steps get `grace` seconds (by default the setting's).

        What has not ended by then goes on at the next start.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return Reply.of(None)

        def end() -> None:
            try:
                thread.run(self.drain(grace)).get()
            finally:
                thread.close()

        return in_thread(end, "stop")

    async def serve_on_this_loop(self) -> None:
        """Start the actors on the running loop, which they share with whoever is on it.

        Raises as `start` does. End with `drain`.
        """
        await in_thread(self._prepare, "initialize")
        await self._begin()

    async def drain(self, grace: float | None = None) -> None:
        """As `stop`, on the loop that the actors are on."""
        assembly = self._assembly
        if assembly is None:
            return
        self._problem = "stopping"
        if self._lag is not None:
            self._lag.stop()
        seconds = self.settings.grace.total_seconds() if grace is None else grace
        await assembly.stop(seconds)
        await self._close_traces()
        self._assembly = None
        await in_thread(self._callbacks.close, "callbacks")
        self._problem = "stopped"

    def on_failure(self, callback: Callable[[BaseException], None]) -> None:
        """Have something called, on the actors' loop, when the root supervisor gives up, or the
        database's file is not there any more."""
        self._on_failure = callback

    def __enter__(self) -> Self:
        self.start().get()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop().get()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    # How it is

    @property
    def clock(self) -> Clock:
        """The clock that the actors go by."""
        return self._running().clock

    def health(self) -> Health:
        """Whether the loop is quick; at once, from any thread."""
        return health_of(self._worst_lag, self._watch)

    def collector(self) -> "RuntimeCollector":
        """The runtime's figures, to be registered with a `prometheus_client.CollectorRegistry`.

        Collecting blocks for a query, so it must not be done on the actors' loop.
        """
        from .metrics import RuntimeCollector

        return RuntimeCollector(self._measures, lambda: self._assembly, lambda: self._worst_lag)

    def delivered(self, published: Published) -> None:
        """A subscriber's socket has the event; on the actors' loop."""
        if published.committed_at is not None and self._assembly is not None:
            seconds = self._assembly.clock.monotonic() - published.committed_at
            self._measures.deliveries.record(seconds)

    def readiness(self) -> Readiness:
        """Whether new work is taken; at once, from any thread."""
        reasons = [] if not self._problem else [self._problem]
        if self._assembly is not None and not self._assembly.environment.health.writable:
            reasons.append(f"storage: {self._assembly.environment.health.problem}")
        return readiness_of(reasons, self._time_zone_data, self._watch)

    @property
    def _watch(self) -> WatchCounts:
        return WatchCounts() if self._assembly is None else self._assembly.environment.watch

    @property
    def _worst_lag(self) -> float:
        return 0.0 if self._lag is None else self._lag.worst

    def _prepare(self) -> None:
        if not self._prepared:
            time_zone_data.use(self.settings.time_zone_data)
            self._time_zone_data = time_zone_data.version()
            prepare(self._address)
            self._prepared = True

    async def _begin(self) -> None:
        await in_thread(self._prepare, "initialize")
        loop = asyncio.get_running_loop()
        clock = SystemClock(loop)
        if self._open_traces is not None:
            self._opened = await in_thread(self._open_traces, "traces")
        assembly = Assembly(
            self._address,
            self.workflows,
            self.settings,
            self._ids,
            clock,
            LoopDispatcher(loop),
            measures=self._measures,
            traces=self._traces or self._opened,
        )
        assembly.system.on_root_failure(self._failed)
        assembly.on_end = self._lost
        try:
            await assembly.start()
            await self._load_tokens(assembly)
        except BaseException:
            await asyncio.to_thread(assembly.close_now)
            await self._close_traces()
            raise
        self._lag = LoopLag(clock)
        self._assembly = assembly
        self._problem = ""
        read_further(assembly)

    async def _close_traces(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await in_thread(opened.close, "traces")

    @property
    def takes_no_writes(self) -> str:
        """Why nothing can be changed before the next start; empty: it can. At once, from any thread."""
        health = None if self._assembly is None else self._assembly.environment.health
        return health.problem if health is not None and health.final else ""

    def _lost(self, error: BaseException) -> None:
        if self._on_failure is not None:
            self._on_failure(error)

    def _failed(self, error: BaseException) -> None:
        self._problem = f"the root supervisor gave up: {error}"
        if self._on_failure is not None:
            self._on_failure(error)
