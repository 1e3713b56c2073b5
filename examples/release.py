"""Release: a project is checked and packed, waits for somebody's approval, and is then published.

For teams that want a person to have the last word, however long that takes. What is asked stands in a
file in `output`; the answer is an event. After a yes there are ten seconds in which the execution can
still be cancelled. Waiting takes no worker, no thread, no actor, and goes on after a restart.

Shows: waiting for an event with a key and a deadline (`approval`), durable sleep (`last_call`), checks
side by side, and a workflow's failure handler (`postponed`). After no answer, or a check that failed,
retry the execution: what was done stays done. A release that was refused is begun anew.

    quarterjack serve --app quarterjack.examples.release
    curl -s http://127.0.0.1:8321/api/workflows/release/run -H 'content-type: application/json' \
        -d '{"params": {"project": "shop", "version": "1.4.0", "output": "releases"}}'
    curl -s http://127.0.0.1:8321/api/events/release-approved -H 'content-type: application/json' \
        -d '{"key": "shop-1.4.0", "payload": {"approved": true, "by": "Ann"}}'
"""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from quarterjack.runtime import StepContext, Workflow

from .report_file import write_text

EVENT = "release-approved"

release = Workflow("release", description="Checked, packed, approved by somebody, published.")


class NotReady(Exception):
    """The project can't be released as it is; the message says what to mend."""


class Refused(Exception):
    """Somebody said no."""


@release.step
def changelog(project: str, version: str) -> str:
    """The newest heading of CHANGELOG.md. Raises `NotReady` if it is of another version."""
    text = Path(project, "CHANGELOG.md").read_text(encoding="utf-8")
    heading = next((line for line in text.splitlines() if line.startswith("## ")), "")
    if version not in heading.split():
        raise NotReady(f"CHANGELOG.md begins with {heading!r}, not with a section on {version}")
    return heading


@release.step
def sources(project: str, output: str, ctx: StepContext) -> int:
    """How many Python files there are. Raises `SyntaxError` for one that can't be compiled."""
    found = [path for path in files_of(Path(project), Path(output)) if path.suffix == ".py"]
    for number, path in enumerate(found):
        compile(path.read_bytes(), path, "exec")
        ctx.progress(number + 1, len(found), path.name)
    return len(found)


@release.step(after=("changelog", "sources"))
def package(project: str, version: str, output: str) -> dict[str, Any]:
    """Pack the project beside where it will lie; the same files always make the same bytes."""
    name = f"{Path(project).absolute().name}-{version}"
    staged = Path(output, ".staged", f"{name}.zip")
    staged.parent.mkdir(parents=True, exist_ok=True)
    found = files_of(Path(project), Path(output))
    with zipfile.ZipFile(staged, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in found:
            entry = zipfile.ZipInfo(f"{name}/{path.relative_to(project).as_posix()}")
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    digest = hashlib.sha256(staged.read_bytes()).hexdigest()
    return {"name": name, "staged": str(staged), "files": len(found), "sha256": digest}


@release.step
def request(package: dict[str, Any], changelog: str, sources: int, output: str) -> str:
    """Write down what somebody is to decide; the key that the answer must have."""
    answer = {"key": package["name"], "payload": {"approved": True, "by": "YOUR NAME"}}
    lines = (
        f"{package['name']} is ready: {changelog.removeprefix('## ')}",
        f"{package['files']} files, {sources} of them Python; SHA-256 {package['sha256']}",
        f"To publish it: POST /api/events/{EVENT} {json.dumps(answer)}",
        'To refuse it: the same, with "approved": false',
    )
    write_text(Path(output, f"{package['name']}.request.txt"), "\n".join(lines) + "\n")
    return str(package["name"])


release.wait_for_event(EVENT, name="approval", key="request", timeout="2 days")


@release.step
def decision(approval: dict[str, Any] | None) -> str:
    """Who approved. Raises `Refused`."""
    answer = approval or {}
    if answer.get("approved") is not True:
        raise Refused(f"{answer.get('by', 'somebody')} said no: {answer.get('why', 'no reason')}")
    return str(answer.get("by", "somebody"))


release.sleep("10s", name="last_call", after=("decision",))


@release.step(after=("last_call",))
def published(package: dict[str, Any], decision: str, output: str) -> dict[str, Any]:
    """Put the package where everybody finds it, with its checksum."""
    name, staged = package["name"], Path(package["staged"])
    final = Path(output, f"{name}.zip")
    if staged.exists():  # not so when an attempt before this one has moved it
        staged.replace(final)
    write_text(final.with_suffix(".zip.sha256"), f"{package['sha256']}  {final.name}\n")
    for note in ("request", "postponed"):
        Path(output, f"{name}.{note}.txt").unlink(missing_ok=True)
    return {"package": str(final), "sha256": package["sha256"], "approvedBy": decision}


@release.on_failure
def postponed(project: str, version: str, output: str, ctx: StepContext) -> str:
    """Say beside the releases why this one is missing."""
    name = f"{Path(project).absolute().name}-{version}"
    lines = [f"{name} was not published (execution {ctx.execution_id}):"]
    lines += [f"- {step}: {error.type}: {error.message}" for step, error in ctx.failures.items()]
    path = Path(output, f"{name}.postponed.txt")
    write_text(path, "\n".join(lines) + "\n")
    return str(path)


def files_of(project: Path, output: Path) -> list[Path]:
    """The files of a project, without caches, what is hidden, and what was released."""
    return sorted(
        path
        for path in project.rglob("*")
        if path.is_file()
        and not any(
            part.startswith(".") or part == "__pycache__"
            for part in path.relative_to(project).parts
        )
        and not path.absolute().is_relative_to(output.absolute())
    )
