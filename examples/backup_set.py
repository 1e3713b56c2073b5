"""Backup set: every SQLite database of a folder backed up, and the largest backup restored as a drill.

For whoever has more than one. Each database is an execution of the workflow `database-backup` with a
history of its own: a checked copy, packed into `output`, all but the newest `keep` pruned. Then the
workflow `restore-drill` unpacks one and reads it: a backup that nobody ever restored is none. Both can be
run alone. `output` gets `backup-set.json`, or `BACKUP-FAILED.txt` until a run has succeeded.

Shows: a workflow as a step, for each item of a list and once; a step that runs only after a failure
(`alarm`); a condition (`largest`). A damaged database fails its own backup; when it is mended, a retry
of the execution backs up that one and keeps the others.

    quarterjack serve --app quarterjack.examples.backup_set
    curl -s http://127.0.0.1:8321/api/workflows/backup-set/schedule -H 'content-type: application/json' \
        -d '{"name": "Nightly", "scheduleConfig": {"cron": "30 2 * * *"},
             "executionConfig": {"params": {"folder": "/srv/data", "output": "/srv/backups"}}}'
"""

import gzip
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from quarterjack.runtime import Retry, StepContext, Workflow

from .report_file import write_json, write_text
from .self_care import contents, copy, integrity

_MAGIC = b"SQLite format 3\x00"
_FAILED = "BACKUP-FAILED.txt"

database_backup = Workflow("database-backup", description="A checked, packed copy of a database.")
restore_drill = Workflow("restore-drill", description="Unpacks a backup and reads all of it.")
backup_set = Workflow("backup-set", description="Every database of a folder, and a restore drill.")

# Steps of another workflow, used again: they are functions.
database_backup.step(timeout="10m")(copy)
database_backup.step(integrity)
database_backup.step(contents)


@database_backup.step
def archive(
    copy: str,
    integrity: str,
    contents: dict[str, int],
    ctx: StepContext,
    database: str,
    output: str,
    keep: int = 7,
) -> dict[str, Any]:
    """Pack the copy that was found whole, and prune older ones."""
    source, name = Path(copy), Path(database).name
    final = Path(output, f"{name}-{ctx.scheduled_time:%Y%m%dT%H%M%SZ}.gz")
    if source.exists():  # not so when an attempt before this one has packed it
        partial = source.with_suffix(".packed")
        with source.open("rb") as plain, gzip.open(partial, "wb") as packed:
            shutil.copyfileobj(plain, packed)
        partial.replace(final)
        source.unlink()
    for old in sorted(Path(output).glob(f"{name}-*Z.gz"))[: -max(1, keep)]:
        old.unlink()
    with final.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "database": database,
        "archive": str(final),
        "bytes": final.stat().st_size,
        "sha256": digest,
        "integrity": integrity,
        "rows": contents,
    }


@restore_drill.step(timeout="10m")
def restored(archive: str) -> dict[str, Any]:
    """Unpack a backup into a folder that goes away again, check it and count its rows."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "restored.db")
        with gzip.open(archive) as packed, path.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        return {"archive": archive, "integrity": integrity(str(path)), "rows": contents(str(path))}


@backup_set.step
def databases(folder: str) -> list[str]:
    """The databases of the folder, known by how they begin and not by their names."""
    return [str(path) for path in sorted(Path(folder).iterdir()) if is_database(path)]


backup_set.subworkflow(
    database_backup,
    map={"database": "databases"},
    concurrency=2,
    retry=Retry(attempts=3, backoff="10s", retry_on=("OperationalError",)),
)


def there_is_one(database_backup: list[dict[str, Any]]) -> bool:
    """Whether there is a backup to be tried."""
    return bool(database_backup)


@backup_set.step(when=there_is_one)
def largest(database_backup: list[dict[str, Any]]) -> str:
    """The backup that is worth a drill."""
    return str(max(database_backup, key=lambda each: each["bytes"])["archive"])


backup_set.subworkflow(restore_drill, params={"archive": "largest"})


@backup_set.step
def index(
    database_backup: list[dict[str, Any]],
    output: str,
    ctx: StepContext,
    restore_drill: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write down what there is; the alarm of an earlier run is over."""
    found = {
        "at": ctx.scheduled_time.isoformat(),
        "backups": database_backup,
        "drill": restore_drill,
    }
    write_json(Path(output, "backup-set.json"), found)
    Path(output, _FAILED).unlink(missing_ok=True)
    return {"databases": len(database_backup), "drill": restore_drill}


@backup_set.step(run_if="on_failure", after=("index",))
def alarm(output: str, ctx: StepContext) -> str:
    """Leave a file that nobody can overlook."""
    lines = [f"The backup of {ctx.scheduled_time:%Y-%m-%d %H:%M} UTC has failed."]
    lines += [f"- {step}: {error.message}" for step, error in ctx.failures.items()]
    write_text(Path(output, _FAILED), "\n".join(lines) + "\n")
    return _FAILED


def is_database(path: Path) -> bool:
    """Whether a file begins as a SQLite database does."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC
