"""How the runtime is: alive and quick (health), and able to take work (readiness)."""

import sqlite3
from dataclasses import dataclass, field

from quarterjack.actors.environment import WatchCounts
from quarterjack.storage.instants import format_instant

_SLOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Health:
    """`status` is `ok`, or `degraded` when the loop was held up for over a second lately."""

    status: str
    loop_lag: float
    """The worst lateness of the loop's timers in the last ten seconds, in seconds."""
    rescued: int = 0
    """Schedules that did not decide a due instant, and that the watchdog made to, since the start."""
    clock_jumps: int = 0
    """How often the wall clock was set by a second or more, or the machine slept, since the start."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether new work is taken; if not, why."""

    ready: bool
    reasons: list[str]
    sqlite_version: str
    tzdata_version: str
    warnings: list[str] = field(default_factory=list)
    """What somebody should look at, though new work is taken."""


def health_of(lag: float, watch: WatchCounts) -> Health:
    """The health at such a lag."""
    status = "degraded" if lag > _SLOW_SECONDS else "ok"
    return Health(status, lag, watch.rescued, watch.clock_jumps)


def readiness_of(reasons: list[str], time_zone_data: str, watch: WatchCounts) -> Readiness:
    """Ready when there is no reason not to be."""
    warnings = []
    if watch.clock_behind is not None:
        warnings.append(
            "the clock is before the newest event that is stored, of "
            f"{format_instant(watch.clock_behind)}: nothing fires until it has come to that"
        )
    return Readiness(not reasons, reasons, sqlite3.sqlite_version, time_zone_data, warnings)
