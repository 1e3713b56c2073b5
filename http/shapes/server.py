"""How the server is, and what lives in it; and what a cron expression means."""

from typing import TYPE_CHECKING

from quarterjack import runtime
from quarterjack.actors.engine import ActorInfo
from quarterjack.storage.instants import Instant

from .shape import Seconds, Shape

if TYPE_CHECKING:
    from quarterjack.runtime.node import Node as NodeFound


class Health(Shape):
    """`status` is `ok`, or `degraded` when the loop was held up lately."""

    status: str
    loop_lag: Seconds
    rescued_schedules: int
    clock_jumps: int

    @classmethod
    def of(cls, found: "runtime.Health") -> "Health":
        """The health of a runtime."""
        return cls(
            status=found.status,
            loop_lag=found.loop_lag,
            rescued_schedules=found.rescued,
            clock_jumps=found.clock_jumps,
        )


class Readiness(Shape):
    """`status` is `ready`, or `unavailable` for these reasons; `warnings` don't keep work away."""

    status: str
    reasons: list[str]
    sqlite_version: str
    tzdata_version: str
    warnings: list[str]

    @classmethod
    def of(cls, found: "runtime.Readiness") -> "Readiness":
        """The readiness of a runtime."""
        return cls(
            status="ready" if found.ready else "unavailable",
            reasons=found.reasons,
            sqlite_version=found.sqlite_version,
            tzdata_version=found.tzdata_version,
            warnings=found.warnings,
        )


class Actor(Shape):
    """An actor of the supervision tree."""

    name: str
    path: str
    parent: str | None
    kind: str
    state: str
    mailbox_depth: int
    handled: int
    restarts: int
    last_error: str | None

    @classmethod
    def of(cls, found: ActorInfo) -> "Actor":
        """An actor as it is now."""
        return cls(
            name=found.name,
            path=found.path,
            parent=found.parent,
            kind=found.kind,
            state=found.state,
            mailbox_depth=found.mailbox_depth,
            handled=found.handled,
            restarts=found.restarts,
            last_error=found.last_error,
        )


class Node(Shape):
    """A process that serves the database."""

    id: str
    """Of this run of it: another start has another."""
    host: str
    process_id: int
    version: str
    started_at: Instant

    @classmethod
    def of(cls, found: "NodeFound") -> "Node":
        """A node that is alive."""
        return cls(
            id=found.boot_id,
            host=found.host,
            process_id=found.process_id,
            version=found.version,
            started_at=found.started_at,
        )


class CronMeaning(Shape):
    """What a cron expression means, and when it is due."""

    description: str
    items: list[Instant]
