"""What is watched over the WebSocket: how the server is, and its actors, as the frames tell it."""

from collections.abc import MutableMapping
from datetime import datetime
from typing import TYPE_CHECKING

from quarterjack.actors.engine import Sighting
from quarterjack.storage.instants import Instant
from quarterjack.storage.standing import Standing

from .executions import AttemptLog, LogLine
from .overview import ScheduleCounts
from .server import Actor
from .shape import Seconds, Shape

if TYPE_CHECKING:
    from quarterjack.runtime import AttemptLog as AttemptLogFound
    from quarterjack.runtime import Health, Readiness


class ServerState(Shape):
    """How the server is. Counts are null for who may not see all workflows, or if they can't be read."""

    now: Instant
    loop_lag: Seconds
    """The worst lateness of its timers in the last ten seconds."""
    seq: int
    """The newest event."""
    status: str
    """`ok`, or `degraded` when the loop was held up lately."""
    ready: bool
    """Whether it takes new work."""
    reasons: list[str]
    """Why not."""
    schedules: ScheduleCounts | None
    running: int | None
    waiting: int | None
    queued: int | None

    @classmethod
    def of(
        cls,
        now: datetime,
        seq: int,
        health: "Health",
        readiness: "Readiness",
        counted: Standing | None,
    ) -> "ServerState":
        """As it is now; `counted` None: without the counts."""
        return cls(
            now=now,
            loop_lag=health.loop_lag,
            seq=seq,
            status=health.status,
            ready=readiness.ready,
            reasons=readiness.reasons,
            schedules=None if counted is None else ScheduleCounts.of(counted),
            running=None if counted is None else counted.running,
            waiting=None if counted is None else counted.waiting,
            queued=None if counted is None else counted.queued,
        )


class WatchedActor(Actor):
    """An actor of the supervision tree, and how busy it is."""

    handled_per_second: float
    """Messages, since it was looked at before."""

    @classmethod
    def seen(cls, found: Sighting) -> "WatchedActor":
        """An actor as it was seen."""
        return cls.model_validate(
            {
                **Actor.of(found.info).model_dump(by_alias=False),
                "handled_per_second": found.handled_per_second,
            }
        )


class ActorChanges(Shape):
    """What has changed in the supervision tree, or all that there is (`reset`)."""

    reset: bool
    """Whether there are no other actors than `items`."""
    items: list[WatchedActor]
    """Those that are new, or otherwise than before; supervisors before what they look after."""
    gone: list[str]
    """The paths of those that are there no more."""
    truncated: bool
    """Whether there are more actors than can be watched."""

    def apply(self, tree: MutableMapping[str, WatchedActor]) -> None:
        """Bring what is known of the tree, by path, up to date."""
        if self.reset:
            tree.clear()
        for path in self.gone:
            tree.pop(path, None)
        for each in self.items:
            tree[each.path] = each

    def followed_by(self, later: "ActorChanges") -> "ActorChanges":
        """Both in one, for who has not taken this one."""
        if later.reset:
            return later
        items = {each.path: each for each in self.items}
        later.apply(items)
        gone = {} if self.reset else dict.fromkeys([*self.gone, *later.gone])
        return ActorChanges(
            reset=self.reset,
            items=list(items.values()),
            gone=[path for path in gone if path not in items],
            truncated=later.truncated,
        )


class LogChange(Shape):
    """What an attempt has written since it was told of before."""

    attempt: int
    running: bool
    dropped: int
    """Bytes before the first line that are not kept."""
    gone: int
    """How many lines at the beginning are not kept any more."""
    same: int
    """How many after those stay as they are; what came after these is replaced by `lines`."""
    lines: list[LogLine]

    @classmethod
    def of(cls, found: "AttemptLogFound", gone: int, same: int) -> "LogChange":
        """An attempt's log, for who has so many lines of it."""
        whole = AttemptLog.of(found)
        return cls(
            attempt=whole.attempt,
            running=whole.running,
            dropped=whole.dropped,
            gone=gone,
            same=same,
            lines=whole.lines[same:],
        )
