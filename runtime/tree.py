"""The supervision tree, written as data.

root ── state, broadcaster, ticker, run-queue, schedules, executions, deliveries, webhooks, janitor

Started in this order and stopped in the reverse one, so that the state actor is there for all others.
"""

from collections.abc import Callable
from datetime import timedelta

from quarterjack.actors.broadcaster import Broadcaster, Subscriptions
from quarterjack.actors.cast_member import ROOT
from quarterjack.actors.deliveries import Deliveries
from quarterjack.actors.engine import (
    Backoff,
    ChildSpec,
    Intensity,
    Placement,
    Strategy,
    Supervisor,
)
from quarterjack.actors.environment import Environment
from quarterjack.actors.executions import Executions
from quarterjack.actors.janitor import Janitor, Retention
from quarterjack.actors.run_queue import RunQueue
from quarterjack.actors.schedules import Schedules
from quarterjack.actors.sender import Dispatch
from quarterjack.actors.state import StateActor
from quarterjack.actors.ticker import Ticker
from quarterjack.actors.webhooks import Webhooks
from quarterjack.storage.database import Writer

_INTENSITY = Intensity(restarts=5, period=timedelta(seconds=30))
_BACKOFF = Backoff(first=timedelta(milliseconds=20), longest=timedelta(seconds=2))


def root_spec(
    environment: Environment,
    subscriptions: Subscriptions,
    open_writer: Callable[[], Writer],
    idle: timedelta,
    dispatch: Dispatch,
    retention: Retention,
) -> ChildSpec:
    """The root and, through it, all others."""
    children = [
        ChildSpec(
            "state",
            lambda: StateActor(environment, open_writer),
            placement=Placement.THREAD,
            shutdown=timedelta(seconds=20),
            kind="state",
        ),
        ChildSpec(
            "broadcaster", lambda: Broadcaster(environment, subscriptions), kind="broadcaster"
        ),
        ChildSpec("ticker", lambda: Ticker(environment), kind="ticker"),
        ChildSpec("run-queue", lambda: RunQueue(environment), kind="queue"),
        ChildSpec("schedules", lambda: Schedules(environment, idle), kind="supervisor"),
        ChildSpec("executions", lambda: Executions(environment), kind="supervisor"),
        ChildSpec("deliveries", lambda: Deliveries(environment), kind="deliveries"),
        ChildSpec("webhooks", lambda: Webhooks(environment, dispatch), kind="webhooks"),
        ChildSpec("janitor", lambda: Janitor(environment, retention), kind="janitor"),
    ]
    return ChildSpec(
        ROOT,
        lambda: Supervisor(
            children, strategy=Strategy.ONE_FOR_ONE, intensity=_INTENSITY, backoff=_BACKOFF
        ),
        kind="supervisor",
    )
