"""DST watch: which time zones change their clocks soon, when, and by how much.

What anybody should know who schedules by wall clock. Reads the time zone database that Python uses,
looks through it in parallel by region, and writes `dst-watch.json` and `dst-watch.txt` into the
folder `output`.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from quarterjack.runtime import StepContext, Workflow, time_zone_data

from .report_file import write_json, write_text

Change = dict[str, Any]
REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
OTHER = "Other"
STRIDE = timedelta(hours=6)
"""No zone has ever changed its clock there and back within so short a time."""
_SECOND = timedelta(seconds=1)
_WIDTH = 78

dst_watch = Workflow(
    "dst-watch", description="Which time zones change their clocks in the next days."
)


@dst_watch.step
def zones() -> dict[str, list[str]]:
    """Every zone of the database, by region; what has none is under `Other`."""
    found: dict[str, list[str]] = {region: [] for region in (*REGIONS, OTHER)}
    for name in sorted(available_timezones()):
        region = name.partition("/")[0]
        found[region if region in REGIONS else OTHER].append(name)
    return found


def changes_in(
    region: str, zones: dict[str, list[str]], ctx: StepContext, days: int = 60
) -> list[Change]:
    """The changes of a region's zones within so many days."""
    start = ctx.scheduled_time.astimezone(UTC).replace(microsecond=0)
    end = start + timedelta(days=days)
    found: list[Change] = []
    names = zones[region]
    for number, name in enumerate(names):
        if ctx.cancelled:
            break
        found.extend(changes_of(name, start, end))
        ctx.progress(number + 1, len(names), name)
    return found


for _region in (*REGIONS, OTHER):
    dst_watch.step(name=_region.lower(), timeout="1m")(partial(changes_in, _region))


@dst_watch.step
def merged(
    africa: list[Change],
    america: list[Change],
    antarctica: list[Change],
    asia: list[Change],
    atlantic: list[Change],
    australia: list[Change],
    europe: list[Change],
    indian: list[Change],
    pacific: list[Change],
    other: list[Change],
) -> list[Change]:
    """All changes, the next one first."""
    regions = [africa, america, antarctica, asia, atlantic, australia, europe, indian, pacific]
    every = [change for region in (*regions, other) for change in region]
    return sorted(every, key=lambda change: (change["at"], change["shiftMinutes"], change["zone"]))


@dst_watch.step
def report(merged: list[Change], ctx: StepContext, output: str, days: int = 60) -> dict[str, Any]:
    """Write both reports; what they say in short."""
    start = ctx.scheduled_time.astimezone(UTC)
    summary = {
        "from": _text(start),
        "until": _text(start + timedelta(days=days)),
        "timeZoneData": time_zone_data.version(),
        "zonesThatChange": len({change["zone"] for change in merged}),
        "changes": len(merged),
        "nextChange": merged[0]["at"] if merged else None,
    }
    folder = Path(output)
    write_json(folder / "dst-watch.json", {**summary, "items": merged})
    write_text(folder / "dst-watch.txt", _table(summary, merged))
    return {**summary, "report": str(folder / "dst-watch.txt")}


def changes_of(name: str, start: datetime, end: datetime) -> list[Change]:
    """The offset changes of one zone with `start` < instant ≤ `end`, both in UTC."""
    zone = ZoneInfo(name)
    found = []
    before = start
    while before < end:
        after = min(before + STRIDE, end)
        if _offset(before, zone) != _offset(after, zone):
            found.append(_change(name, zone, _boundary(before, after, zone)))
        before = after
    return found


def _boundary(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the new offset, by bisection."""
    old = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after


def _change(name: str, zone: ZoneInfo, at: datetime) -> Change:
    last, first = (at - _SECOND).astimezone(zone), at.astimezone(zone)
    before, after = _offset(at - _SECOND, zone), _offset(at, zone)
    return {
        "zone": name,
        "at": _text(at),
        "clockBefore": (at + before).strftime("%Y-%m-%d %H:%M:%S"),
        "clockAfter": first.strftime("%Y-%m-%d %H:%M:%S"),
        "shiftMinutes": (after - before).total_seconds() / 60,
        "offsetBefore": last.strftime("%z"),
        "offsetAfter": first.strftime("%z"),
        "nameBefore": last.tzname(),
        "nameAfter": first.tzname(),
    }


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    found = instant.astimezone(zone).utcoffset()
    assert found is not None
    return found


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _table(summary: dict[str, Any], changes: list[Change]) -> str:
    lines = [
        f"Clock changes from {summary['from']} to {summary['until']}",
        f"{summary['zonesThatChange']} zones change; time zone data: {summary['timeZoneData']}",
        "",
    ]
    for (at, shift), same in groupby(changes, key=lambda each: (each["at"], each["shiftMinutes"])):
        lines.append(f"{at}  {shift:+g} min")
        lines.extend(_wrapped([f"{each['zone']} ({each['offsetAfter']})" for each in same]))
        lines.append("")
    return "\n".join(lines)


def _wrapped(names: list[str]) -> list[str]:
    lines, line = list[str](), "   "
    for name in names:
        if len(line) + len(name) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {name},"
    return [*lines, line.rstrip(",")]
