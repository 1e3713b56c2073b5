"""Self-care: a checked backup of Quarterjack's own database, while it is in use.

Copies `database` with SQLite's online backup, checks the copy, puts it into the folder `output` only if
it is whole, prunes old ones beyond `keep`, and writes `self-care.json`.
"""

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from quarterjack.runtime import StepContext, Workflow

from .report_file import write_json

_PATTERN = "quarterjack-backup-*.db"
_PAGES = 500
"""Pages that are copied between two looks at whether to go on."""

self_care = Workflow(
    "self-care", description="A checked backup of Quarterjack's own database, old ones pruned."
)


class BackupDamaged(Exception):
    """The copy is not whole; it was removed. Check the disk, and the database itself."""


@self_care.step(timeout="10m")
def copy(database: str, output: str, ctx: StepContext) -> str:
    """Copy the database beside its final place; the copy's path."""
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{ctx.execution_id}.partial"
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))

    def progressed(_: int, left: int, total: int) -> None:
        ctx.progress(total - left, total, "pages")

    with closing(_read_only(Path(database))) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target, pages=_PAGES, progress=progressed)
    return str(path)


@self_care.step
def integrity(copy: str) -> str:
    """Have SQLite check the copy. Raises `BackupDamaged` and removes it if it is not whole."""
    try:
        with closing(_read_only(Path(copy), still=True)) as database:
            problems = [row[0] for row in database.execute("PRAGMA integrity_check(20)")]
            orphans = database.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        problems, orphans = [str(error)], []
    if problems != ["ok"] or orphans:
        Path(copy).unlink(missing_ok=True)
        found = "; ".join([*problems, *(f"orphan in {row[0]}" for row in orphans)])
        raise BackupDamaged(f"the copy is not whole and was removed: {found[:1_000]}")
    return "ok"


@self_care.step
def contents(copy: str) -> dict[str, int]:
    """How many rows each table of the copy has."""
    with closing(_read_only(Path(copy), still=True)) as database:
        tables = database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {name: _count(database, name) for (name,) in sorted(tables)}


@self_care.step
def checksum(copy: str) -> str:
    """SHA-256 of the copy."""
    with Path(copy).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@self_care.step
def keep_newest(
    copy: str,
    integrity: str,
    contents: dict[str, int],
    checksum: str,
    ctx: StepContext,
    output: str,
    keep: int = 5,
) -> dict[str, Any]:
    """Put the copy in place, remove the oldest beyond `keep`, and write the report."""
    folder, source = Path(output), Path(copy)
    final = folder / f"quarterjack-backup-{ctx.scheduled_time:%Y%m%dT%H%M%S}Z.db"
    if source.exists():  # not so when an attempt before this one has moved it
        source.replace(final)
    backups = sorted(folder.glob(_PATTERN))
    pruned = backups[: max(0, len(backups) - max(1, keep))]
    for path in pruned:
        path.unlink(missing_ok=True)
    summary = {
        "at": ctx.scheduled_time.isoformat(),
        "backup": str(final),
        "bytes": final.stat().st_size,
        "sha256": checksum,
        "integrity": integrity,
        "rows": contents,
        "kept": len(backups) - len(pruned),
        "pruned": [path.name for path in pruned],
    }
    write_json(folder / "self-care.json", summary)
    return summary


def _read_only(path: Path, *, still: bool = False) -> sqlite3.Connection:
    """A connection that can't write; `still`: nobody else writes either, so no lock is needed."""
    options = "mode=ro&immutable=1" if still else "mode=ro"
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{options}", uri=True)


def _count(database: sqlite3.Connection, table: str) -> int:
    name = table.replace('"', '""')
    found: int = database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
    return found
