"""What every member of the cast needs besides messages: handed to each when it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from quarterjack.storage import BootId, IdSource
from quarterjack.storage.plain_data import LARGEST

from .engine import Ref, Reply
from .engine.system import ActorSystem
from .measures import Measures
from .policies.rate import Rate
from .runner import Runner
from .step import Step
from .traces import Traces, Untraced
from .workflow_book import WorkflowBook


class Reads(Protocol):
    """Runs queries off the loop, on what is committed."""

    def __call__(self, query: Callable[..., Any], *arguments: Any) -> Reply[Any]:
        """The query's value, given a connection and the arguments."""
        ...


@dataclass(slots=True)
class StorageHealth:
    """Whether the database takes writes; set by the state actor, read by everybody."""

    writable: bool = True
    problem: str = ""
    waiting: int = 0
    """Changes that wait for the database."""
    final: bool = False
    """It is damaged or gone: there will be no writes before the next start."""

    def give_up(self, problem: str) -> None:
        """Nothing more is written; from any thread."""
        self.writable, self.problem, self.final = False, problem, True


@dataclass(slots=True)
class WatchCounts:
    """What the watchdog of due instants has found since the start; set by the ticker."""

    rescued: int = 0
    """Schedules that were past their instant and were not deciding it, and were made to."""
    clock_jumps: int = 0
    """How often the wall clock was set by more than a second, or the machine slept."""
    clock_behind: datetime | None = None
    """The newest event at the start, as long as the clock is before that; nothing fires meanwhile."""


@dataclass(slots=True)
class Environment:
    """One per runtime. `longest_sleep` bounds how late a jump of the wall clock is noticed."""

    workflows: WorkflowBook
    ids: IdSource
    boot_id: BootId
    runners: Mapping[str, Runner]
    default_runner: str
    reads: Reads
    concurrency: int
    longest_sleep: timedelta | None
    result_limit: int = LARGEST
    """Bytes that a step's result may take when packed."""
    give_up: Callable[[BaseException], None] = lambda _: None
    """Ends the process, when going on would do harm; on the actors' loop."""
    look_every: timedelta | None = None
    """How often the state actor looks whether the database's file is still there; None: never."""
    watch_every: timedelta = timedelta(minutes=1)
    """How often the ticker compares the stored due instants with the clock."""
    rate_limit: Rate | None = None
    """Of first starts of executions, all workflows together."""
    health: StorageHealth = field(default_factory=StorageHealth)
    watch: WatchCounts = field(default_factory=WatchCounts)
    measures: Measures = field(default_factory=Measures)
    traces: Traces = field(default_factory=Untraced)

    def runner_of(self, step: Step) -> Runner:
        """Where a step runs: where it says, else `async` for coroutines, else the default."""
        usual = "async" if step.is_coroutine else self.default_runner
        return self.runners[step.runner or usual]


class Cast:
    """The addresses of the cast, by role; always valid, also while one of them is restarted."""

    def __init__(self, system: ActorSystem, root: str) -> None:
        self._system = system
        self._root = root

    def _find(self, name: str) -> Ref[Any]:
        ref = self._system.find(f"{self._root}/{name}")
        if ref is None:
            raise LookupError(f"there is no {name}: the runtime is not started, or has stopped")
        return ref

    @property
    def state(self) -> Ref[Any]:
        """The only writer."""
        return self._find("state")

    @property
    def broadcaster(self) -> Ref[Any]:
        """Who tells subscribers."""
        return self._find("broadcaster")

    @property
    def deliveries(self) -> Ref[Any]:
        """Who brings events to the schedules that wait for them."""
        return self._find("deliveries")

    @property
    def webhooks(self) -> Ref[Any]:
        """Who tells webhooks' receivers of events."""
        return self._find("webhooks")

    @property
    def janitor(self) -> Ref[Any]:
        """Who deletes what need not be kept."""
        return self._find("janitor")

    @property
    def ticker(self) -> Ref[Any]:
        """The owner of due instants."""
        return self._find("ticker")

    @property
    def run_queue(self) -> Ref[Any]:
        """Who decides when an execution starts."""
        return self._find("run-queue")

    @property
    def schedules(self) -> Ref[Any]:
        """The supervisor of schedules: send them messages with `Deliver`."""
        return self._find("schedules")

    @property
    def executions(self) -> Ref[Any]:
        """The supervisor of executions: send them messages with `Deliver`."""
        return self._find("executions")
