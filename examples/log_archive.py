"""Log archive: old log files packed, read back and listed; the originals go only after that.

For whoever has a folder of logs that fills up. Every file below `folder` that matches `pattern` and was
not written to for `days` is packed into `archive` and read back, and stands in `archive/SHA256SUMS`,
which `sha256sum -c` understands. With `remove` the originals go then, but those that have changed.

Shows: one step run for each item of a list, so many at once, results in order (`packed`, `checked`); a
condition, and a default in place of what is skipped (`removed`, `summary`); tidying up whatever happened
(`tidied`). A file that can't be packed fails its own item, and a retry of the execution packs that one.

    quarterjack serve --app quarterjack.examples.log_archive
    curl -s http://127.0.0.1:8321/api/workflows/log-archive/run -H 'content-type: application/json' \
        -d '{"params": {"folder": "/var/log/app", "archive": "/srv/logs", "remove": true}}'
"""

import gzip
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from quarterjack.runtime import Retry, StepContext, Workflow

from .report_file import write_text

_CHUNK = 1_048_576

log_archive = Workflow(
    "log-archive",
    description="Old log files packed, read back and listed; then the originals may go.",
    max_concurrency=1,  # two would write the same list
)


class ArchiveDamaged(Exception):
    """What was packed does not read back as it was. Check the archive's disk."""


@log_archive.step
def stale(
    folder: str, archive: str, ctx: StepContext, pattern: str = "*.log*", days: float = 7
) -> list[str]:
    """The files that nobody has written to for so many days."""
    since = (ctx.scheduled_time - timedelta(days=days)).timestamp()
    top, beside = Path(folder), Path(archive).absolute()
    files = (each for each in top.rglob(pattern) if each.is_file() and not each.is_symlink())
    return sorted(
        each.relative_to(top).as_posix()
        for each in files
        if each.stat().st_mtime <= since and not each.absolute().is_relative_to(beside)
    )


@log_archive.step(
    map={"name": "stale"},
    concurrency=4,
    timeout="10m",
    retry=Retry(attempts=3, backoff="1s", retry_on=(OSError,), no_retry_on=(PermissionError,)),
)
def packed(name: str, folder: str, archive: str, ctx: StepContext) -> dict[str, Any]:
    """Pack a file. Its new name has the time of its last change: rotation uses names again."""
    source = Path(folder, name)
    status = source.stat()
    changed = datetime.fromtimestamp(status.st_mtime, UTC)
    target = Path(archive, f"{name}-{changed:%Y%m%dT%H%M%SZ}.gz")
    partial = target.with_name(f".{ctx.execution_id}-{ctx.item}.partial")
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, partial.open("wb") as raw:
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=int(status.st_mtime)) as zipped:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                zipped.write(chunk)
                ctx.progress(file.tell(), max(file.tell(), status.st_size), name)
        raw.flush()
        os.fsync(raw.fileno())
    partial.replace(target)
    return {
        "name": name,
        "target": target.relative_to(archive).as_posix(),
        "bytes": status.st_size,
        "modified": status.st_mtime_ns,
        "sha256": digest.hexdigest(),
    }


@log_archive.step(map={"entry": "packed"}, concurrency=4, timeout="10m")
def checked(entry: dict[str, Any], archive: str) -> dict[str, Any]:
    """Read what was packed. Raises `ArchiveDamaged`."""
    path = Path(archive, entry["target"])
    with gzip.open(path) as unzipped:
        try:
            found = hashlib.file_digest(unzipped, "sha256").hexdigest()
        except (EOFError, OSError) as error:
            raise ArchiveDamaged(f"{path}: {error}") from error
    if found != entry["sha256"]:
        raise ArchiveDamaged(f"{path} does not hold what {entry['name']} did")
    with path.open("rb") as file:
        packed_sum = hashlib.file_digest(file, "sha256").hexdigest()
    return {**entry, "packedBytes": path.stat().st_size, "packedSha256": packed_sum}


@log_archive.step
def listed(checked: list[dict[str, Any]], archive: str) -> str:
    """Enter the files in the archive's list; its path."""
    path = Path(archive, "SHA256SUMS")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    sums |= {entry["target"]: entry["packedSha256"] for entry in checked}
    write_text(path, "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))
    return str(path)


def wants_removal(remove: bool = False) -> bool:
    """Whether the originals are to go."""
    return remove


@log_archive.step(when=wants_removal, after=("listed",))
def removed(checked: list[dict[str, Any]], folder: str) -> list[str]:
    """Remove the originals that are still as they were packed; their names."""
    gone = []
    for entry in checked:
        path = Path(folder, entry["name"])
        status = path.stat() if path.exists() else None
        if status and (status.st_size, status.st_mtime_ns) == (entry["bytes"], entry["modified"]):
            path.unlink()
            gone.append(entry["name"])
    return gone


@log_archive.step
def summary(
    checked: list[dict[str, Any]], listed: str, removed: list[str] | None = None
) -> dict[str, Any]:
    """What was done, in short; `removed` is null when nothing was to be."""
    return {
        "files": len(checked),
        "bytes": sum(entry["bytes"] for entry in checked),
        "packedBytes": sum(entry["packedBytes"] for entry in checked),
        "list": listed,
        "removed": removed,
    }


@log_archive.step(run_if="always", after=("packed",))
def tidied(archive: str, ctx: StepContext) -> int:
    """Remove what attempts that failed have left in the archive; how many files."""
    left = list(Path(archive).rglob(f".{ctx.execution_id}-*.partial"))
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)
