"""How the runtime is: alive and quick (health), and able to take work (readiness)."""

import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import TZPATH

_SLOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Health:
    """`status` is `ok`, or `degraded` when the loop was held up for over a second lately."""

    status: str
    loop_lag: float
    """The worst lateness of the loop's timers in the last ten seconds, in seconds."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether new work is taken; if not, why."""

    ready: bool
    reasons: list[str]
    sqlite_version: str
    tzdata_version: str


def health_of(lag: float) -> Health:
    """The health at such a lag."""
    return Health("degraded" if lag > _SLOW_SECONDS else "ok", lag)


def readiness_of(reasons: list[str]) -> Readiness:
    """Ready when there is no reason not to be."""
    return Readiness(not reasons, reasons, sqlite3.sqlite_version, tzdata_version())


@cache
def tzdata_version() -> str:
    """The version of the time zone data in use: the system's if it has any, else the package's."""
    for folder in TZPATH:
        path = Path(folder)
        if (path / "UTC").exists():
            return f"system {_system_version(path)}"
    try:
        return f"package {version('tzdata')}"
    except PackageNotFoundError:
        return "unknown"


def _system_version(folder: Path) -> str:
    for name in ("+VERSION", "tzdata.zi", "version"):
        try:
            with (folder / name).open(encoding="utf-8") as file:
                return file.readline().removeprefix("# version ").strip()
        except OSError:
            continue
    return "of unknown version"
