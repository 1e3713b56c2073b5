"""Which time zone data is in use, the system's or the package's, and what is done when it changes.

The choice is the whole process's: `zoneinfo` knows one search path.
"""

import logging
import os
import zoneinfo
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path

from quarterjack.actors.policies.timetable import Timetable
from quarterjack.storage.database import Writer
from quarterjack.storage.instants import format_instant
from quarterjack.storage.journal import Journal
from quarterjack.storage.rescheduling import (
    Reschedule,
    Rescheduled,
    Undecided,
    stored_time_zone_data,
    undecided,
)

logger = logging.getLogger("quarterjack.time_zones")


def use(source: str) -> None:
    """Take time zones from the `system` (if it has any, else the package), or from the `package`.

    Worker processes that are started later do so, too.
    """
    wanted: tuple[str, ...] | None = () if source == "package" else None
    if wanted is not None:
        os.environ["PYTHONTZPATH"] = ""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(wanted)
    if before != zoneinfo.TZPATH:
        zoneinfo.ZoneInfo.clear_cache()


def version() -> str:
    """The version of the time zone data in use, such as `system 2025b` or `package 2026.6`."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder)
        if (path / "UTC").exists():
            return f"system {_system_version(path)}"
    try:
        return f"package {package_version('tzdata')}"
    except PackageNotFoundError:
        return "unknown"


def reschedule_if_changed(writer: Writer) -> None:
    """Work the stored due instants out again if they come from other time zone data than is in use.

    Instants that are decided stay as they were. Blocks; for the writer's thread, before the start.
    """
    stored, current = stored_time_zone_data(writer.database), version()
    if stored == current:
        return
    changed = [] if stored is None else _differences(undecided(writer.database))
    committed = Journal(writer).commit([Reschedule(current, changed)])
    for outcome in committed.outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    if stored is not None:
        logger.warning(
            "the time zone data was %s and is %s; %d schedules are due at another instant now",
            stored,
            current,
            len(changed),
        )


def _differences(found: list[Undecided]) -> list[Rescheduled]:
    changed = []
    for schedule, decided in found:
        due = Timetable.of(schedule).next(decided)
        if due is None or due.due == schedule.next_due or schedule.next_due is None:
            continue
        fire = None if schedule.next_fire is None else due.fires_at
        changed.append(Rescheduled(schedule.id, due.due, fire))
        logger.info(
            "%s was due at %s, and is at %s",
            schedule.id,
            format_instant(schedule.next_due),
            format_instant(due.due),
        )
    return changed


def _system_version(folder: Path) -> str:
    for name in ("+VERSION", "tzdata.zi", "version"):
        try:
            with (folder / name).open(encoding="utf-8") as file:
                return file.readline().removeprefix("# version ").strip()
        except OSError:
            continue
    return "of unknown version"
