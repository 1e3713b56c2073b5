"""Disk watch: sizes, hard links, growth."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quarterjack.examples.disk_watch import disk_watch, readable, usage_of
from quarterjack.runtime import Execution

Play = Callable[..., Execution]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MIB = 1_048_576


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a large, a small and an empty entry."""
    top = tmp_path / "top"
    for name, size in (("large", 3 * MIB), ("small", MIB)):
        (top / name / "deep").mkdir(parents=True)
        (top / name / "deep" / "file").write_bytes(os.urandom(size))
    (top / "empty").mkdir()
    return top


def test_usage_is_what_the_disk_holds(folder: Path) -> None:
    found = usage_of(folder / "large")

    assert 3 * MIB <= found["bytes"] < 3.2 * MIB
    assert found["files"] == 1
    assert found["unreadable"] == 0


def test_hard_links_count_once_and_links_are_not_followed(folder: Path) -> None:
    (folder / "small" / "again").hardlink_to(folder / "small" / "deep" / "file")
    (folder / "small" / "elsewhere").symlink_to(folder / "large")

    found = usage_of(folder / "small")

    assert MIB <= found["bytes"] < 1.2 * MIB
    assert found["files"] == 2


def test_what_is_gone_is_counted_as_unreadable(tmp_path: Path) -> None:
    assert usage_of(tmp_path / "gone") == {"bytes": 0, "files": 0, "unreadable": 1}


def test_the_first_run_has_nothing_to_compare_with(
    tmp_path: Path, folder: Path, play: Play
) -> None:
    found = play(disk_watch, NOW, output=str(tmp_path / "out"), folder=str(folder))

    assert found.error is None
    assert found.result["grownBy"] is None
    assert found.result["files"] == 2
    text = (tmp_path / "out/disk-watch.txt").read_text(encoding="utf-8")
    assert "first run" in text
    assert [line.split()[-1] for line in text.splitlines()[3:]] == ["large", "small", "empty"]


def test_the_next_run_tells_the_growth(tmp_path: Path, folder: Path, play: Play) -> None:
    output = str(tmp_path / "out")
    play(disk_watch, NOW, output=output, folder=str(folder))
    (folder / "small" / "more").write_bytes(os.urandom(2 * MIB))
    (folder / "large" / "deep" / "file").unlink()
    (folder / "empty").rmdir()

    found = play(disk_watch, NOW, output=output, folder=str(folder))

    text = (tmp_path / "out/disk-watch.txt").read_text(encoding="utf-8")
    report = json.loads((tmp_path / "out/disk-watch.json").read_text(encoding="utf-8"))
    assert -1.2 * MIB < found.result["grownBy"] < -0.9 * MIB
    assert "+2.0 MiB  small" in text
    assert "-3.0 MiB  large" in text
    assert "gone" in text
    assert len(report["totals"]) == 2


def test_another_folder_is_not_compared(tmp_path: Path, folder: Path, play: Play) -> None:
    output = str(tmp_path / "out")
    play(disk_watch, NOW, output=output, folder=str(folder))

    found = play(disk_watch, NOW, output=output, folder=str(folder / "large"))

    assert found.result["grownBy"] is None


def test_a_report_that_was_damaged_is_written_anew(
    tmp_path: Path, folder: Path, play: Play
) -> None:
    (tmp_path / "disk-watch.json").write_text("{broken", encoding="utf-8")

    found = play(disk_watch, NOW, output=str(tmp_path), folder=str(folder))

    assert found.result["grownBy"] is None
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 * 1024**4, "5.0 TiB")],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert readable(size) == text
