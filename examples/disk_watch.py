"""Disk watch: what takes the space in a folder, and how it has grown since the last run.

Measures the entries of `folder` (by default Python's installation) in parallel, and writes
`disk-watch.json`, which the next run compares with, and `disk-watch.txt` into the folder `output`.
"""

import os
import stat
import sys
from functools import partial
from pathlib import Path
from typing import Any

from quarterjack.runtime import StepContext, Workflow

from .report_file import read_json, write_json, write_text

Measured = dict[str, dict[str, int]]
PARTS = 4
_LAST_TOTALS = 30
_LARGEST = 25
_BLOCK = 512
"""Bytes of a block in `st_blocks` (POSIX `stat`)."""

disk_watch = Workflow("disk-watch", description="What takes the space in a folder, and its growth.")


@disk_watch.step
def entries(folder: str = sys.base_prefix) -> list[list[str]]:
    """What the folder holds, dealt out to the steps that measure."""
    names = sorted(path.name for path in Path(folder).iterdir())
    return [names[part::PARTS] for part in range(PARTS)]


def measure(
    part: int, entries: list[list[str]], ctx: StepContext, folder: str = sys.base_prefix
) -> Measured:
    """Disk usage in bytes, files, and what could not be read, of each entry of a part."""
    found: Measured = {}
    for number, name in enumerate(entries[part]):
        if ctx.cancelled:
            break
        found[name] = usage_of(Path(folder, name))
        ctx.progress(number + 1, len(entries[part]), name)
    return found


for _part in range(PARTS):
    disk_watch.step(name=f"part_{_part + 1}", timeout="10m")(partial(measure, _part))


@disk_watch.step
def merged(part_1: Measured, part_2: Measured, part_3: Measured, part_4: Measured) -> Measured:
    """All entries."""
    return {**part_1, **part_2, **part_3, **part_4}


@disk_watch.step
def growth(
    merged: Measured, output: str, folder: str = sys.base_prefix
) -> dict[str, dict[str, int] | None]:
    """By entry, bytes more (or fewer) than last time; `before` is None without a last time."""
    last = read_json(Path(output, "disk-watch.json"))
    if not isinstance(last, dict) or last.get("folder") != folder:
        return {"before": None, "change": {}}
    before = {name: each["bytes"] for name, each in last["entries"].items()}
    now = {name: each["bytes"] for name, each in merged.items()}
    change = {name: now.get(name, 0) - before.get(name, 0) for name in now.keys() | before.keys()}
    return {"before": before, "change": {name: grown for name, grown in change.items() if grown}}


@disk_watch.step
def report(
    merged: Measured,
    growth: dict[str, Any],
    ctx: StepContext,
    output: str,
    folder: str = sys.base_prefix,
) -> dict[str, Any]:
    """Write both reports; what they say in short."""
    file = Path(output, "disk-watch.json")
    total = sum(each["bytes"] for each in merged.values())
    last = read_json(file) if growth["before"] is not None else None
    totals = [
        *(last or {}).get("totals", []),
        {"at": ctx.scheduled_time.isoformat(), "bytes": total},
    ]
    summary = {
        "folder": folder,
        "bytes": total,
        "files": sum(each["files"] for each in merged.values()),
        "unreadable": sum(each["unreadable"] for each in merged.values()),
        "grownBy": None if last is None else total - last["bytes"],
    }
    text = _table(summary, merged, growth["change"])
    write_text(file.with_suffix(".txt"), text)
    write_json(file, {**summary, "entries": merged, "totals": totals[-_LAST_TOTALS:]})
    return {**summary, "report": str(file.with_suffix(".txt"))}


def usage_of(top: Path) -> dict[str, int]:
    """Bytes on disk below a path; links are not followed, and hard links counted once."""
    found = {"bytes": 0, "files": 0, "unreadable": 0}
    seen: set[tuple[int, int]] = set()
    waiting = [top]
    while waiting:
        path = waiting.pop()
        try:
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                waiting.extend(Path(entry.path) for entry in os.scandir(path))
        except OSError:  # it has vanished, or is not for us
            found["unreadable"] += 1
            continue
        identity = (status.st_dev, status.st_ino)
        if status.st_nlink == 1 or stat.S_ISDIR(status.st_mode) or identity not in seen:
            seen.add(identity)
            found["bytes"] += status.st_blocks * _BLOCK
            found["files"] += not stat.S_ISDIR(status.st_mode)
    return found


def readable(size: float) -> str:
    """
    >>> readable(1536), readable(-5_000_000)
    ('1.5 KiB', '-4.8 MiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size) < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _table(summary: dict[str, Any], entries: Measured, change: dict[str, int]) -> str:
    grown = summary["grownBy"]
    lines = [
        f"{summary['folder']}: {readable(summary['bytes'])} in {summary['files']:,} files",
        "first run" if grown is None else f"since the last run: {_signed(grown)}",
        "",
    ]
    ordered = sorted(entries, key=lambda name: entries[name]["bytes"], reverse=True)
    for name in ordered[:_LARGEST]:
        size = readable(entries[name]["bytes"])
        lines.append(f"{size:>12}  {_signed(change.get(name, 0)):>12}  {name}")
    if len(ordered) > _LARGEST:
        lines.append(f"… and {len(ordered) - _LARGEST} smaller ones")
    gone = sorted(change.keys() - entries.keys())
    lines.extend(f"{'gone':>12}  {_signed(change[name]):>12}  {name}" for name in gone)
    return "\n".join(lines) + "\n"


def _signed(size: int) -> str:
    return "=" if size == 0 else ("+" if size > 0 else "") + readable(size)
