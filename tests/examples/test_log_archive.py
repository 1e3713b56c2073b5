"""Log archive: packed, read back, listed; nothing goes that is not safe elsewhere."""

import gzip
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from one_run import statuses

from quarterjack.actors.engine import VirtualClock
from quarterjack.examples.log_archive import ArchiveDamaged, checked, log_archive, removed
from quarterjack.runtime import Execution
from quarterjack.runtime.testing import VirtualRuntime

Play = Callable[..., Execution]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = ["app.log.1", "app.log.2", "deep/db.log"]


def write(path: Path, text: str, *, days: float) -> None:
    """A file that nobody has written to for so many days."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    for number, name in enumerate(OLD):
        write(folder / name, f"line of {name}\n" * 10_000, days=10 + number)
    write(folder / "app.log", "today\n", days=0.1)
    write(folder / "notes.txt", "not a log\n", days=100)
    return folder


def params(logs: Path, **more: Any) -> dict[str, Any]:
    return {"folder": str(logs), "archive": str(logs.parent / "archive"), **more}


def listed(archive: Path) -> dict[str, str]:
    """What the list says: file → checksum, as `sha256sum -c` reads it."""
    lines = (archive / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {line[66:]: line[:64] for line in lines}


def test_what_is_old_is_packed_and_listed_in_order(logs: Path, play: Play) -> None:
    found = play(log_archive, NOW, **params(logs))

    assert found.error is None
    archive = logs.parent / "archive"
    sums = listed(archive)
    assert list(sums) == [
        "app.log.1-20260219T120000Z.gz",
        "app.log.2-20260218T120000Z.gz",
        "deep/db.log-20260217T120000Z.gz",
    ]
    for name, digest in sums.items():
        assert hashlib.sha256((archive / name).read_bytes()).hexdigest() == digest
    texts = [gzip.decompress((archive / name).read_bytes()) for name in sums]
    assert texts == [(logs / name).read_bytes() for name in OLD]
    assert found.result["files"] == 3
    assert found.result["packedBytes"] < found.result["bytes"] / 10


@pytest.mark.parametrize(
    ("remove", "left", "told"),
    [
        pytest.param(False, ["app.log", *OLD, "notes.txt"], None, id="kept"),
        pytest.param(True, ["app.log", "notes.txt"], OLD, id="removed"),
    ],
)
def test_originals_go_only_when_that_is_wanted(
    logs: Path, play: Play, remove: bool, left: list[str], told: list[str] | None
) -> None:
    found = play(log_archive, NOW, **params(logs, remove=remove))

    assert found.result["removed"] == told
    files = sorted(p.relative_to(logs).as_posix() for p in logs.rglob("*") if p.is_file())
    assert files == left


def test_an_original_that_was_written_to_meanwhile_stays(logs: Path) -> None:
    entries = [
        {
            "name": name,
            "bytes": (logs / name).stat().st_size,
            "modified": (logs / name).stat().st_mtime_ns,
        }
        for name in OLD
    ]
    with (logs / "app.log.1").open("a", encoding="utf-8") as file:
        file.write("one more\n")
    (logs / "app.log.2").unlink()

    assert removed(entries, str(logs)) == ["deep/db.log"]
    assert (logs / "app.log.1").exists()


def test_names_that_rotation_uses_again_do_not_replace_each_other(logs: Path, play: Play) -> None:
    play(log_archive, NOW, **params(logs, remove=True))
    write(logs / "app.log.1", "the next one\n", days=8)

    found = play(log_archive, NOW, **params(logs, remove=True))

    names = [name for name in listed(logs.parent / "archive") if name.startswith("app.log.1")]
    assert names == ["app.log.1-20260219T120000Z.gz", "app.log.1-20260221T120000Z.gz"]
    assert found.result["files"] == 1


def test_an_archive_that_lies_in_the_folder_is_not_packed(logs: Path, play: Play) -> None:
    given = {"folder": str(logs), "archive": str(logs / "old")}
    play(log_archive, NOW, **given)

    found = play(log_archive, NOW + timedelta(days=365), **given)

    assert found.error is None
    assert not [name for name in listed(logs / "old") if name.startswith("old/")]


def test_one_that_can_not_be_packed_fails_alone_and_a_retry_packs_it(logs: Path) -> None:
    archive = logs.parent / "archive"
    blocker = archive / "app.log.2-20260218T120000Z.gz"
    blocker.mkdir(parents=True)
    with VirtualRuntime(workflows=[log_archive], clock=VirtualClock(NOW)) as runtime:
        key = runtime.run("log-archive", params=params(logs, remove=True)).get()
        failed = runtime.wait_for(key).get()
        first = runtime.get_execution(key).get()
        left = [path.name for path in archive.rglob("*.partial")]
        packed = archive / "app.log.1-20260219T120000Z.gz"
        before = packed.stat()
        blocker.rmdir()
        again = runtime.retry_execution(key).get()
        ended = runtime.wait_for(again).get()
        second = runtime.get_execution(again).get()

    assert failed.error is not None
    assert failed.error.type == "IsADirectoryError"
    assert "1 of 3 items failed; the first, packed[1]" in failed.error.message
    assert [item.status.value for item in first.items["packed"]] == [
        "succeeded",
        "failed",
        "succeeded",
    ]
    assert len(first.items["packed"][1].attempts) == 3
    assert left == []  # tidied
    assert statuses(first)["tidied"] == "succeeded"
    assert ended.status == "succeeded"
    assert [len(item.attempts) for item in second.items["packed"]] == [0, 1, 0]
    assert (packed.stat().st_ino, packed.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert ended.result["removed"] == OLD


def test_nothing_old_is_no_failure(tmp_path: Path, play: Play) -> None:
    (tmp_path / "logs").mkdir()

    found = play(log_archive, NOW, **params(tmp_path / "logs", remove=True))

    assert found.error is None
    assert (found.result["files"], found.result["removed"]) == (0, [])


@pytest.mark.parametrize(
    "damage",
    [b"", b"no gzip", gzip.compress(b"something else", mtime=0)],
    ids=["nothing", "no gzip", "something else"],
)
def test_what_does_not_read_back_as_it_was_is_found(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(damage)
    entry = {"name": "a", "target": "a.gz", "sha256": hashlib.sha256(b"as it was").hexdigest()}

    with pytest.raises(ArchiveDamaged, match=r"a\.gz"):
        checked(entry, str(tmp_path))
