"""The options of a runtime, with their defaults: one table for embedding, command line and files."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from quarterjack.actors.drafts import validated
from quarterjack.actors.policies.rate import Rate
from quarterjack.storage.durations import Duration
from quarterjack.storage.wire_model import WireModel


class Settings(WireModel):
    """`Settings.of(concurrency=8, grace="10s")` checks and converts; unknown names are refused."""

    model_config = ConfigDict(alias_generator=None)  # the names here are those of keywords

    runner: Literal["thread", "inline"] = "thread"
    """Where plain functions run, unless their step says otherwise."""
    threads: int = Field(default=32, ge=1, le=10_000)
    """Steps that the thread runner runs at once."""
    concurrency: int = Field(default=128, ge=1, le=100_000)
    """Executions that run at once."""
    rate_limit: Annotated[Rate, BeforeValidator(Rate.parse)] | None = None
    """How many executions may start in which time, such as `"100/min"`; None: any number."""
    grace: Duration = timedelta(seconds=30)
    """How long running steps may go on after a stop was asked for."""
    idle: Duration = timedelta(seconds=30)
    """After how much idleness a schedule's actor is put to sleep."""

    @classmethod
    def of(cls, **options: Any) -> "Settings":
        """Settings from names and values. Raises `InvalidInput`."""
        return validated(cls, options)
