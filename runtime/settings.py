"""The options of a runtime, with their defaults: one table for embedding, command line and files."""

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from quarterjack.actors.drafts import validated
from quarterjack.storage.durations import Duration
from quarterjack.storage.wire_model import WireModel


class Settings(WireModel):
    """`Settings.of(concurrency=8, grace="10s")` checks and converts; unknown names are refused."""

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
    grace: Duration = timedelta(seconds=30)
    """How long running steps may go on after a stop was asked for."""
    idle: Duration = timedelta(seconds=30)
    """After how much idleness a schedule's actor is put to sleep."""

    @classmethod
    def of(cls, **options: Any) -> "Settings":
        """Settings from names and values. Raises `InvalidInput`."""
        return validated(cls, options)
