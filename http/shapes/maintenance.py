"""What is found in the database, and what was deleted of it, as it is answered."""

from datetime import timedelta

from pydantic import Field

from quarterjack.storage import pruning, upkeep
from quarterjack.storage.durations import Duration
from quarterjack.storage.wire_model import WireModel

from .shape import Shape


class PruneBody(WireModel):
    """What may go: what is older, but for the newest executions of each workflow, and what is too much."""

    older_than: Duration | None = Field(default=None, ge=timedelta(hours=1))
    keep: int = Field(default=0, ge=0, le=1_000_000)
    max_per_workflow: int | None = Field(default=None, ge=1, le=10_000_000)
    workflow_id: str | None = Field(default=None, min_length=1, max_length=200)
    limit: int = Field(default=500, ge=1, le=5_000)


class Pruned(Shape):
    """How many rows were deleted, and whether there are more that may go."""

    executions: int
    fires: int
    events: int
    audit: int
    webhook_deliveries: int
    backfills: int
    more: bool

    @classmethod
    def of(cls, found: pruning.Pruned) -> "Pruned":
        """What was deleted."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class Examined(Shape):
    """What was found in the database."""

    ok: bool
    faults: list[str]
    """At most 100."""
    schema_version: int
    size: int
    """Bytes."""
    executions: int
    events: int

    @classmethod
    def of(cls, found: upkeep.Examined) -> "Examined":
        """What was found."""
        rest = {name: getattr(found, name) for name in cls.model_fields if name != "ok"}
        return cls(ok=not found.faults, **rest)
