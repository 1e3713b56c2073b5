"""Folder mirror: `target` gets what is new or changed in `source`; with `delete` the rest goes.

For copies onto another disk, a stick, a mounted share. A file is there as a whole or not at all, and
`bytes_per_second` leaves something of a slow disk to others. An execution that is cancelled stops in
the middle of a file and leaves nothing half; retried, it goes on where it was.

Shows: a step on a thread that listens to `ctx.cancelled` (`copied`), progress, a condition on a result
and a parameter (`pruned`), parameters that are refused before a run is recorded (`wrong_in`), and a
retry after a cancel that keeps what was found out (`plan`).

    quarterjack serve --app quarterjack.examples.folder_mirror
    curl -s http://127.0.0.1:8321/api/workflows/folder-mirror/run -H 'content-type: application/json' \
        -d '{"params": {"source": "/srv/photos", "target": "/mnt/disk/photos", "delete": true}}'
    curl -s -X POST http://127.0.0.1:8321/api/executions/exe_…/cancel
    curl -s -X POST http://127.0.0.1:8321/api/executions/exe_…/retry
"""

import os
import shutil
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from quarterjack.runtime import StepContext, Workflow

_CHUNK = 262_144


class Stopped(Exception):
    """The execution was cancelled; what is whole stays."""


def wrong_in(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What can't be mirrored."""
    texts = [name for name in ("source", "target") if not isinstance(params[name], str)]
    yield from ((name, "it is a path, as text") for name in texts)
    if not texts:
        source, target = (Path(params[name]).absolute() for name in ("source", "target"))
        if source.is_relative_to(target) or target.is_relative_to(source):
            yield "target", "source and target lie in each other"
    speed = params.get("bytes_per_second")
    if speed is not None and not (isinstance(speed, int) and speed >= 1):
        yield "bytes_per_second", "it is a whole number, 1 or more"


folder_mirror = Workflow(
    "folder-mirror",
    description="A folder gets what is new or changed in another.",
    params_check=wrong_in,
)


@folder_mirror.step
def plan(source: str, target: str) -> dict[str, Any]:
    """What is to be copied, and what is in the target only."""
    if not Path(source).is_dir():  # nothing would be left of the target
        raise NotADirectoryError(f"{source} is no folder; is its disk there?")
    here, there = files_of(Path(source)), files_of(Path(target))
    copy = [name for name in here if there.get(name) != here[name]]
    return {
        "copy": copy,
        "extra": [name for name in there if name not in here],
        "bytes": sum(here[name][0] for name in copy),
    }


@folder_mirror.step(runner="thread")
def copied(
    plan: dict[str, Any],
    source: str,
    target: str,
    ctx: StepContext,
    bytes_per_second: int | None = None,
) -> int:
    """Copy; how many files. Raises `Stopped` soon after the execution was cancelled."""
    done = 0
    for number, name in enumerate(plan["copy"]):
        original, mirrored = Path(source, name), Path(target, name)
        if not same(original, mirrored):  # as it is when an execution before this one was cancelled
            for chunk in copying(original, mirrored):
                if bytes_per_second is not None:
                    time.sleep(chunk / bytes_per_second)
                if ctx.cancelled:
                    raise Stopped(f"after {number} of {len(plan['copy'])} files")
                done += chunk
                ctx.progress(done, max(done, plan["bytes"]), name)
    return len(plan["copy"])


def wants_pruning(plan: dict[str, Any], delete: bool = False) -> bool:
    """Whether something is to go from the target."""
    return delete and bool(plan["extra"])


@folder_mirror.step(when=wants_pruning, after=("copied",))
def pruned(plan: dict[str, Any], target: str) -> int:
    """Remove what is in the target only; how many files."""
    for name in plan["extra"]:
        Path(target, name).unlink(missing_ok=True)
    for folder, _, _ in os.walk(target, topdown=False):
        if Path(folder) != Path(target) and not any(Path(folder).iterdir()):
            Path(folder).rmdir()
    return len(plan["extra"])


@folder_mirror.step
def summary(plan: dict[str, Any], copied: int, pruned: int = 0) -> dict[str, int]:
    """What was done, in short."""
    return {"copied": copied, "bytes": plan["bytes"], "pruned": pruned}


def copying(original: Path, mirrored: Path) -> Generator[int, None, None]:
    """Copy a file piece by piece: the length of each. If that is left early, nothing has changed."""
    partial = mirrored.with_name(f".{mirrored.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        with original.open("rb") as read, partial.open("wb") as written:
            while chunk := read.read(_CHUNK):
                written.write(chunk)
                yield len(chunk)
        shutil.copystat(original, partial)
        partial.replace(mirrored)
    finally:
        partial.unlink(missing_ok=True)


def same(one: Path, other: Path) -> bool:
    """Whether two files have the same size and time."""
    return other.is_file() and _mark(one) == _mark(other)


def files_of(top: Path) -> dict[str, tuple[int, int]]:
    """The files below a folder with size and time; links are left out, and not followed."""
    found = {}
    for folder, _, names in os.walk(top):
        for path in (Path(folder, name) for name in sorted(names)):
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(top).as_posix()] = _mark(path)
    return found


def _mark(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, int(status.st_mtime)
