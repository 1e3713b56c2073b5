"""Folder mirror: whole files or none, and an end when somebody says so."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from waiting import eventually

from quarterjack.examples.folder_mirror import copying, folder_mirror
from quarterjack.runtime import Execution, InvalidInput, Runtime
from quarterjack.runtime.testing import VirtualRuntime

Play = Callable[..., Execution]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIECE = 262_144


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True)
    for name, size in (("a.bin", 600_000), ("deep/b.bin", 1_000), ("empty", 0)):
        (folder / name).write_bytes(os.urandom(size))
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    (folder / "link").symlink_to("a.bin")
    return folder


def given(source: Path, **more: Any) -> dict[str, Any]:
    return {"source": str(source), "target": str(source.parent / "target"), **more}


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_target_holds_what_the_source_does(source: Path, play: Play) -> None:
    found = play(folder_mirror, NOW, **given(source))

    assert found.result == {"copied": 3, "bytes": 601_000, "pruned": 0}
    assert tree(source.parent / "target") == tree(source)


def test_only_what_has_changed_is_copied_again(source: Path, play: Play) -> None:
    play(folder_mirror, NOW, **given(source))
    (source / "deep/b.bin").write_bytes(b"changed")
    (source / "new").write_bytes(b"new")

    found = play(folder_mirror, NOW, **given(source))

    assert found.result == {"copied": 2, "bytes": 10, "pruned": 0}
    assert tree(source.parent / "target") == tree(source)


@pytest.mark.parametrize(("delete", "left"), [(False, {"old/gone", "keep"}), (True, set())])
def test_what_the_source_lacks_goes_only_when_that_is_wanted(
    source: Path, play: Play, delete: bool, left: set[str]
) -> None:
    target = source.parent / "target"
    (target / "old").mkdir(parents=True)
    for name in ("old/gone", "keep"):
        (target / name).write_bytes(b"x")

    found = play(folder_mirror, NOW, **given(source, delete=delete))

    assert set(tree(target)) - set(tree(source)) == left
    assert found.result["pruned"] == (2 if delete else 0)
    assert (target / "old").exists() is not delete


def test_a_source_that_is_not_there_removes_nothing(source: Path, play: Play) -> None:
    play(folder_mirror, NOW, **given(source))
    source.rename(source.parent / "unmounted")

    found = play(folder_mirror, NOW, **given(source, delete=True))

    assert found.error is not None
    assert found.error.type == "NotADirectoryError"
    assert len(tree(source.parent / "target")) == 3


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"source": "a", "target": "a"}, "target"),
        ({"source": "a", "target": "a/b"}, "target"),
        ({"source": "a/b", "target": "a"}, "target"),
        ({"source": 3, "target": "a"}, "source"),
        ({"source": "a", "target": "b", "bytes_per_second": 0}, "bytes_per_second"),
        ({"source": "a", "target": "b", "bytes_per_second": "fast"}, "bytes_per_second"),
    ],
)
def test_what_can_not_be_mirrored_is_refused(params: dict[str, Any], field: str) -> None:
    with VirtualRuntime(workflows=[folder_mirror]) as runtime, pytest.raises(InvalidInput) as wrong:
        runtime.run("folder-mirror", params=params).get()

    assert [error.loc for error in wrong.value.errors] == [("params", field)]


def test_a_copy_that_is_left_early_leaves_nothing(source: Path, tmp_path: Path) -> None:
    pieces = copying(source / "a.bin", tmp_path / "target/a.bin")
    next(pieces)
    pieces.close()

    assert list((tmp_path / "target").iterdir()) == []


def test_a_cancelled_mirror_stops_amid_a_file_and_a_retry_goes_on(source: Path) -> None:
    target = source.parent / "target"
    (source / "b.bin").write_bytes(os.urandom(8 * PIECE))
    slow = given(source, bytes_per_second=PIECE * 5)  # a.bin takes half a second, b.bin two
    with Runtime(workflows=[folder_mirror]) as runtime:
        key = runtime.run("folder-mirror", params=slow).get(timeout=10)
        eventually((target / ".b.bin.partial").exists)
        runtime.cancel_scheduled_execution(key).get(timeout=10)
        ended = runtime.wait_for(key).get(timeout=10)
        partial = tree(target)
        found = runtime.get_execution(key).get(timeout=10)
        before = (target / "a.bin").stat().st_ino
        again = runtime.retry_execution(key).get(timeout=10)
        retried = runtime.wait_for(again).get(timeout=20)

    assert ended.status == "cancelled"
    assert set(partial) == {"a.bin"}
    assert partial["a.bin"] == (source / "a.bin").read_bytes()
    copied = next(step for step in found.steps if step.name == "copied")
    assert copied.status == "cancelled"
    assert copied.progress is not None
    assert copied.attempts[0].error is not None
    assert copied.attempts[0].error.type == "Stopped"
    assert retried.status == "succeeded"
    assert tree(target) == tree(source)
    assert (target / "a.bin").stat().st_ino == before  # not copied again
