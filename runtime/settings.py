"""The options of a runtime, with their defaults: one table for embedding, command line and files."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from quarterjack.actors.drafts import validated
from quarterjack.actors.janitor import Retention
from quarterjack.actors.policies.rate import Rate
from quarterjack.actors.sender import RETRY
from quarterjack.storage import Retry
from quarterjack.storage.durations import Duration
from quarterjack.storage.plain_data import LARGEST
from quarterjack.storage.sizes import Size
from quarterjack.storage.wire_model import WireModel

from .builtin.host_rules import checked_host
from .retention import SHORTEST_AGE


def _folder(given: str) -> str:
    if not Path(given).is_absolute() or given != os.path.normpath(given) or given == "/":
        raise ValueError(f"{given!r} is no folder for secrets; give an absolute path, without '..'")
    return given


class Settings(WireModel):
    """`Settings.of(concurrency=8, grace="10s")` checks and converts; unknown names are refused."""

    model_config = ConfigDict(alias_generator=None)  # Python's names: they are keyword arguments

    runner: Literal["process", "thread", "inline"] = "thread"
    """Where plain functions run, unless their step says otherwise."""
    threads: int = Field(default=32, ge=1, le=10_000)
    """Steps that the thread runner runs at once."""
    processes: int | None = Field(default=None, ge=1, le=1_000)
    """Worker processes of the process runner; None: one for each CPU, at least 2."""
    tasks_per_process: int | None = Field(default=None, ge=1)
    """After how many steps a worker process is replaced by a fresh one; None: never."""
    concurrency: int = Field(default=128, ge=1, le=100_000)
    """Executions that run at once."""
    rate_limit: Annotated[Rate, BeforeValidator(Rate.parse)] | None = None
    """How many executions may start in which time, such as `"100/min"`; None: any number."""
    keep: Duration | None = Field(default=None, ge=SHORTEST_AGE)
    """How old history may become: executions that have ended, the ledger, events, the audit table; None: any
    age."""
    keep_executions: int = Field(default=0, ge=0, le=10_000_000)
    """So many of each workflow's newest executions stay, however old."""
    max_executions: int | None = Field(default=None, ge=1, le=10_000_000)
    """How many executions of each workflow stay at most, however young; None: any number."""
    grace: Duration = timedelta(seconds=30)
    """How long running steps may go on after a stop was asked for."""
    max_result: Size = Field(default=LARGEST, ge=1_000, le=100_000_000)
    """Bytes that a step's result may take when packed: a number, or text such as `"5MB"`."""
    idle: Duration = timedelta(seconds=30)
    """After how much idleness a schedule's actor is put to sleep."""
    time_zone_data: Literal["system", "package"] = "system"
    """Where time zones come from: the system (if it has any), or the package `tzdata`. Process-wide."""
    traces: Literal["off", "otlp"] = "off"
    """Whether spans go to an OpenTelemetry collector, which the variables `OTEL_…` name."""
    builtins: tuple[Literal["command", "http"], ...] = ()
    """The built-in workflows that are switched on: who may make schedules can use them."""
    http_allowed_hosts: tuple[Annotated[str, AfterValidator(checked_host)], ...] = ()
    """Where `quarterjack.http` may go; `.example.org` is all below it; none: everywhere."""
    http_allow_private: bool = False
    """Whether `quarterjack.http` may connect to private addresses, and to this machine."""
    live_connections: int = Field(default=10_000, ge=1, le=1_000_000)
    """WebSockets that may be open at once."""
    live_heartbeat: Duration = timedelta(seconds=18)
    """After how much silence a WebSocket is pinged; it is closed after half as long again."""

    secret_key_file: str | None = Field(default=None, min_length=1)
    """A file with the key that secret parameters are encrypted with; None: only references are taken."""
    secret_env: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Environment variables that parameters may refer to, besides `QUARTERJACK_SECRET_…`; `*` is any."""
    secret_dirs: tuple[Annotated[str, AfterValidator(_folder)], ...] = ()
    """Folders below which are the files that parameters may refer to."""
    webhook_allow_private: bool = False
    """Whether webhooks may be at private addresses, and on this machine."""
    webhook_retry: Retry = RETRY
    """How often a webhook's message is tried, and after which waits."""

    @model_validator(mode="after")
    def _some_are_kept(self) -> "Settings":
        if self.max_executions is not None and self.max_executions < self.keep_executions:
            raise ValueError("max_executions is below keep_executions: no number of them is right")
        return self

    @property
    def retention(self) -> Retention:
        """What is kept, for the janitor."""
        return Retention(self.keep, self.keep_executions, self.max_executions)

    @classmethod
    def of(cls, **options: Any) -> "Settings":
        """Settings from names and values. Raises `InvalidInput`."""
        return validated(cls, options)
