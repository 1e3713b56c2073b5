"""Puts a runtime's parts together on a clock and a dispatcher, and takes them apart again.

The same assembly stands behind a server, an embedded runtime and a virtual one. Everything here runs
on the dispatcher's thread, except where it says otherwise.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from quarterjack.actors.broadcaster import Subscriptions
from quarterjack.actors.cast_member import ROOT
from quarterjack.actors.engine import (
    ActorSystem,
    CellState,
    Clock,
    DeliverIfAwake,
    Ping,
    Ref,
    Reply,
)
from quarterjack.actors.engine.dispatcher import Dispatcher
from quarterjack.actors.engine.errors import ActorCrashed
from quarterjack.actors.environment import Cast, Environment
from quarterjack.actors.measures import Measures
from quarterjack.actors.messages import (
    Commit,
    Drain,
    Enqueue,
    Interrupt,
    Joined,
    Read,
    Recorded,
    WhenIdle,
)
from quarterjack.actors.runner import Runner
from quarterjack.actors.sender import Dispatch, Sender
from quarterjack.actors.step_definition import RUNNERS
from quarterjack.actors.traces import Traces, Untraced
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import (
    BootId,
    DatabaseDamaged,
    DatabaseError,
    Execution,
    ExecutionId,
    IdSource,
)
from quarterjack.storage.database import Address, MemoryAnchor, Readers, Writer
from quarterjack.storage.fault_kinds import is_damage
from quarterjack.storage.file_system import network_of
from quarterjack.storage.schedule_changes import RecordRun
from quarterjack.storage.soundness import look_at
from quarterjack.storage.transaction import Change
from quarterjack.storage.upgrade import let_shrink, open_upgraded, upgrade

from . import time_zone_data
from .hosts import in_thread
from .node import Node
from .runners import CoroutineRunner, InlineRunner, ProcessRunner, ThreadRunner
from .settings import Settings
from .step_output import CAPTURE
from .tree import root_spec
from .vault.step_secrets import StepSecrets
from .webhook_sender import WebhookSender

logger = logging.getLogger("quarterjack.runtime")
T = TypeVar("T")
_INTERRUPT_SECONDS = 5.0
_STOP_SECONDS = 30.0
_LOOK_EVERY = timedelta(seconds=5)


def prepare(address: Address) -> None:
    """Bring a database file to the newest schema and time zone data; one in memory is new at each start.

    Blocks; raises `DatabaseError`.
    """
    if address.path is None:
        return
    if (network := network_of(address.path)) is not None:
        logger.warning(
            "%s lies on a network file system (%s): SQLite can't protect it there; keep it on a local disk",
            address.path,
            network,
        )
    writer = Writer(address)
    try:
        look_at(writer.connection, address.path)
        upgrade(writer.connection, address.path)
        let_shrink(writer, address.path)
        time_zone_data.reschedule_if_changed(writer)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise DatabaseDamaged(address.path, error) from error
        raise DatabaseError(
            f"The database {address} can't be brought up to date: {error}."
        ) from error
    finally:
        writer.close()


class Assembly:
    """Everything that is alive between a runtime's start and its stop."""

    def __init__(
        self,
        address: Address,
        workflows: WorkflowBook,
        settings: Settings,
        ids: IdSource,
        clock: Clock,
        dispatcher: Dispatcher,
        *,
        virtual: bool = False,
        measures: Measures | None = None,
        traces: Traces | None = None,
        sender: Sender | None = None,
        virtual_runner: Runner | None = None,
        open_writer: Callable[[Address], Writer] = open_upgraded,
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.system = ActorSystem(clock, dispatcher, threads=not virtual)
        self.cast = Cast(self.system, ROOT)
        self._address = address
        self._anchor = MemoryAnchor(address) if address.path is None else None
        self._readers: Readers | None = None
        self._virtual = virtual
        self._open_writer = open_writer
        self._reads_by_state = virtual or address.path is None
        self._runners = (
            _virtual_runners(workflows, clock, virtual_runner)
            if virtual
            else _runners(settings, workflows, clock)
        )
        self._captures = False
        self._sender = sender or WebhookSender(settings.webhook_allow_private)
        self.environment = Environment(
            workflows=workflows,
            ids=ids,
            boot_id=BootId(ids.new("boot")),
            runners=self._runners,
            default_runner=settings.runner,
            reads=self.read,
            concurrency=settings.concurrency,
            rate_limit=settings.rate_limit,
            longest_sleep=None if virtual else timedelta(seconds=1),
            give_up=self._give_up,
            look_every=None if virtual else _LOOK_EVERY,
            watch_every=timedelta(days=1) if virtual else timedelta(minutes=1),
            result_limit=settings.max_result,
            measures=measures or Measures(),
            traces=traces or Untraced(),
        )
        self.node = Node(self.environment.boot_id, clock.now())
        self.subscriptions = Subscriptions()
        self.root: Ref[Any] | None = None
        self.on_end: Callable[[BaseException], None] = lambda _: None
        """Called on the loop when it would do harm to go on."""

    def spawn(self) -> None:
        """Start the tree."""
        spec = root_spec(
            self.environment,
            self.subscriptions,
            lambda: self._open_writer(self._address),
            self.settings.idle,
            Dispatch(self._sender, self.settings.webhook_retry),
            self.settings.retention,
        )
        self.root = self.system.spawn(spec).ref

    async def start(self) -> None:
        """Start runners and tree, and wait until each of the cast has read what is stored."""
        try:
            await self._start()
        except BaseException:
            self._sender.close()
            raise

    async def _start(self) -> None:
        await in_thread(self.start_runners, "runners")
        self.spawn()
        assert self.root is not None
        await self.root.ask(Ping())
        await self.cast.state.ask(Ping())
        if not self._reads_by_state and self._address.path is not None:
            path = self._address.path
            self._readers = await in_thread(lambda: Readers(path), "readers")
        cast = self.cast
        for ref in (cast.broadcaster, cast.deliveries, cast.run_queue, cast.ticker, cast.webhooks):
            await ref.ask(Ping())

    def start_runners(self) -> None:
        """Be ready for steps; blocks."""
        CAPTURE.begin()
        self._captures = True
        for runner in self._runners.values():
            runner.start()

    async def stop(self, grace: float) -> None:
        """Let running steps end, then the tree; after `grace` seconds steps are left to the next start."""
        if self.root is not None and self.root.is_alive():
            can_record = not self.environment.health.final
            if can_record and self.root.cell.state is CellState.RUNNING:
                await self._drain(grace)
            await in_thread(self._close_readers, "readers")
            self.system.stop(self.root)
            await self._until_stopped()
        self._sender.close()
        await in_thread(self._close, "close")
        self.system.dispatcher.close()

    def read(self, query: Callable[..., Any], *arguments: Any) -> Reply[Any]:
        """Run a query on committed data; from any thread."""
        if self._readers is None:
            return self.cast.state.ask(Read(query, arguments))
        reply: Reply[Any] = self.system.dispatcher.new_reply()
        future = self._readers.submit(query, *arguments)
        future.add_done_callback(lambda done: self._hand_over(done, reply))
        return reply

    def work_out(self, function: Callable[[], T], name: str) -> Reply[T]:
        """Run what takes its time on a thread of its own; in virtual time, here and now."""
        if not self._virtual:
            return in_thread(function, name)
        reply: Reply[T] = Reply()
        try:
            reply.set(function())
        except Exception as error:
            reply.set_exception(error)
        return reply

    def record(
        self, execution: Execution, change: Change[ExecutionId] | None = None
    ) -> Reply[ExecutionId]:
        """Store an execution that no schedule's actor made, and put it into the queue."""
        order = Commit(change or RecordRun(execution, []), self.clock.monotonic())
        reply: Reply[ExecutionId] = self.cast.state.ask(order)

        def enqueue(stored: ExecutionId) -> ExecutionId:
            self.cast.run_queue.tell(Enqueue(execution))
            if execution.schedule_id is not None:
                joined = DeliverIfAwake(execution.schedule_id, Joined(execution))
                self.cast.schedules.tell(joined)
            return stored

        def look(done: Reply[ExecutionId]) -> None:
            try:
                done.get()
            except ActorCrashed:  # it may be stored all the same
                self.cast.run_queue.tell(Recorded(execution.id))
            except Exception:
                return  # whoever asked is told

        reply.add_done_callback(look)
        return reply.map(enqueue)

    @property
    def database_path(self) -> Path | None:
        """The database's file; None: it is in memory."""
        return self._address.path

    def close_now(self) -> None:
        """Give back what the tree does not own, without waiting for steps; blocks."""
        self._close()
        self.system.dispatcher.close()

    async def _drain(self, grace: float) -> None:
        self.cast.ticker.tell_control(Drain())
        self.cast.run_queue.tell_control(Drain())
        await self.cast.run_queue.ask(Ping())
        if await _within(self.cast.executions.ask(WhenIdle()), grace):
            return
        for info in self.system.tree():
            if info.kind == "execution" and (ref := self.system.find(info.path)) is not None:
                ref.tell_control(Interrupt())
        await _within(self.cast.executions.ask(WhenIdle()), _INTERRUPT_SECONDS)

    async def _until_stopped(self) -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        self.system.on_stopped(lambda: loop.call_soon_threadsafe(stopped.set))
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await stopped.wait()
        except TimeoutError:
            return

    def _give_up(self, error: BaseException) -> None:
        self.on_end(error)

    def _hand_over(self, done: "Future[Any]", reply: Reply[Any]) -> None:
        """What a query came to; on the thread that has run it."""
        error = done.exception()
        if error is None:
            reply.set(done.result())
            return
        if is_damage(error):
            error = DatabaseDamaged(self._address, error)
            if not self.environment.health.final:
                self.environment.health.give_up(str(error))
                logger.critical("nothing more is written: %s", error)
        reply.set_exception(error)

    def _close_readers(self) -> None:
        """Before the writer: SQLite tidies the WAL away with the last connection, if it can write."""
        readers, self._readers = self._readers, None
        if readers is not None:
            readers.close()

    def _close(self) -> None:
        for runner in self._runners.values():
            runner.close()
        if self._captures:
            self._captures = False
            CAPTURE.end()
        self._close_readers()
        self.system.close_threads()
        if self._anchor is not None:
            self._anchor.close()


def _runners(settings: Settings, workflows: WorkflowBook, clock: Clock) -> dict[str, Runner]:
    secrets = StepSecrets(workflows)
    return {
        "process": ProcessRunner(
            workflows.values(),
            now=clock.now,
            default_runner=settings.runner,
            processes=settings.processes,
            tasks_per_process=settings.tasks_per_process,
            secrets=secrets,
        ),
        "thread": ThreadRunner(settings.threads, clock.now, secrets),
        "async": CoroutineRunner(clock.now, secrets),
        "inline": InlineRunner(clock.now, secrets),
    }


def _virtual_runners(
    workflows: WorkflowBook, clock: Clock, runner: Runner | None
) -> dict[str, Runner]:
    """All steps inline, whatever they ask for: virtual time can't wait for threads."""
    return dict.fromkeys(RUNNERS, runner or InlineRunner(clock.now, StepSecrets(workflows)))


async def _within(reply: Reply[Any], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await reply
    except TimeoutError:
        return False
    return True
