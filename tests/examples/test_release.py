"""Release: nothing is published that nobody approved, whenever the answer comes."""

import hashlib
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from one_run import statuses

from quarterjack.actors.engine import VirtualClock
from quarterjack.examples.release import EVENT, package, release
from quarterjack.runtime.testing import VirtualRuntime

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
YES = {"approved": True, "by": "Ann"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    (folder / "CHANGELOG.md").write_text("# Changes\n\n## 1.4.0 (March)\n\n- Faster.\n\n## 1.3\n")
    (folder / "src/shop.py").write_text("PRICE = 3\n")
    (folder / "src/__pycache__").mkdir()
    (folder / "src/__pycache__/shop.pyc").write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text("secret")
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "releases"


def begun(runtime: VirtualRuntime, project: Path, version: str = "1.4.0") -> str:
    """A release, as far as it goes by itself."""
    given = {
        "project": str(project),
        "version": version,
        "output": str(project.parent / "releases"),
    }
    key = runtime.run("release", params=given).get()
    runtime.settle()
    return key


def files(output: Path) -> list[str]:
    return sorted(p.relative_to(output).as_posix() for p in output.rglob("*") if p.is_file())


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as packed:
        return packed.namelist()


def test_what_is_approved_after_a_day_and_a_restart_is_published(
    tmp_path: Path, project: Path, output: Path
) -> None:
    database, clock = f"sqlite:///{tmp_path / 'q.db'}", VirtualClock(NOW)
    with VirtualRuntime(database, workflows=[release], clock=clock) as runtime:
        key = begun(runtime, project)
        waiting = runtime.get_execution(key).get()
        asked = (output / "shop-1.4.0.request.txt").read_text(encoding="utf-8")
        runtime.advance("1 day")
    with VirtualRuntime(database, workflows=[release], clock=clock) as runtime:
        told = runtime.send_event(EVENT, YES, key="shop-1.4.0").get()
        runtime.settle()
        last_call = runtime.get_execution(key).get()
        nothing_yet = files(output)
        ended = runtime.wait_for(key).get()

    assert waiting.execution.status == "waiting"
    assert waiting.execution.wake_at == NOW + timedelta(days=2)
    assert f"POST /api/events/{EVENT}" in asked
    assert told == [key]
    assert last_call.execution.wake_at == NOW + timedelta(days=1, seconds=10)
    assert nothing_yet == [".staged/shop-1.4.0.zip", "shop-1.4.0.request.txt"]
    assert ended.result["approvedBy"] == "Ann"
    assert files(output) == ["shop-1.4.0.zip", "shop-1.4.0.zip.sha256"]
    digest = hashlib.sha256((output / "shop-1.4.0.zip").read_bytes()).hexdigest()
    assert (output / "shop-1.4.0.zip.sha256").read_text() == f"{digest}  shop-1.4.0.zip\n"
    assert names_in(output / "shop-1.4.0.zip") == [
        "shop-1.4.0/CHANGELOG.md",
        "shop-1.4.0/src/shop.py",
    ]


def test_an_answer_for_another_release_is_not_taken(project: Path, output: Path) -> None:
    with VirtualRuntime(workflows=[release], clock=VirtualClock(NOW)) as runtime:
        key = begun(runtime, project)
        told = runtime.send_event(EVENT, YES, key="shop-1.5.0").get()
        runtime.advance("1h")
        found = runtime.get_execution(key).get()

    assert told == []
    assert found.execution.status == "waiting"
    assert not (output / "shop-1.4.0.zip").exists()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"approved": False, "by": "Bob", "why": "it is Friday"}, "Bob said no: it is Friday"),
        ({"by": "Bob"}, "Bob said no: no reason"),
        (None, "somebody said no: no reason"),
    ],
)
def test_what_is_refused_is_not_published_and_that_is_told(
    project: Path, output: Path, answer: Any, said: str
) -> None:
    with VirtualRuntime(workflows=[release], clock=VirtualClock(NOW)) as runtime:
        key = begun(runtime, project)
        runtime.send_event(EVENT, answer, key="shop-1.4.0").get()
        ended = runtime.wait_for(key).get()

    assert ended.error is not None
    assert (ended.error.type, ended.error.message) == ("Refused", said)
    assert not (output / "shop-1.4.0.zip").exists()
    assert f"- decision: Refused: {said}" in (output / "shop-1.4.0.postponed.txt").read_text()


def test_after_two_days_without_an_answer_a_retry_asks_again(project: Path, output: Path) -> None:
    with VirtualRuntime(workflows=[release], clock=VirtualClock(NOW)) as runtime:
        key = begun(runtime, project)
        failed = runtime.wait_for(key).get()
        told = (output / "shop-1.4.0.postponed.txt").read_text()
        again = runtime.retry_execution(key).get()
        runtime.settle()
        waiting = runtime.get_execution(again).get()
        runtime.send_event(EVENT, YES, key="shop-1.4.0").get()
        ended = runtime.wait_for(again).get()

    assert failed.status == "failed"
    assert failed.ended_at == NOW + timedelta(days=2)
    assert "approval: EventTimeout" in told
    assert waiting.execution.wake_at == NOW + timedelta(days=4)
    assert statuses(waiting)["package"] == "succeeded"
    assert ended.status == "succeeded"
    assert files(output) == ["shop-1.4.0.zip", "shop-1.4.0.zip.sha256"]


def test_after_a_yes_it_can_still_be_cancelled(project: Path, output: Path) -> None:
    with VirtualRuntime(workflows=[release], clock=VirtualClock(NOW)) as runtime:
        key = begun(runtime, project)
        runtime.send_event(EVENT, YES, key="shop-1.4.0").get()
        runtime.advance("9s")
        runtime.cancel_scheduled_execution(key).get()
        runtime.advance("1h")
        found = runtime.get_execution(key).get()

    assert found.execution.status == "cancelled"
    assert not (output / "shop-1.4.0.zip").exists()


def test_a_project_that_is_not_ready_is_told_at_once(project: Path, output: Path) -> None:
    (project / "src/shop.py").write_text("PRICE = = 3\n")
    with VirtualRuntime(workflows=[release], clock=VirtualClock(NOW)) as runtime:
        key = begun(runtime, project, "1.5.0")
        found = runtime.get_execution(key).get()

    assert found.execution.status == "failed"
    assert found.execution.ended_at == NOW
    told = (output / "shop-1.5.0.postponed.txt").read_text()
    assert "- changelog: NotReady: CHANGELOG.md begins with '## 1.4.0 (March)'" in told
    assert "- sources: SyntaxError" in told
    assert files(output) == ["shop-1.5.0.postponed.txt"]


def test_the_same_files_make_the_same_bytes(project: Path) -> None:
    one, other = (package(str(project), "1.4.0", str(project.parent / name)) for name in ("a", "b"))

    assert one["sha256"] == other["sha256"]


def test_releases_that_lie_in_the_project_are_not_packed(project: Path) -> None:
    output = project / "releases"
    output.mkdir()
    (output / "shop-1.3.zip").write_bytes(b"old")

    found = package(str(project), "1.4.0", str(output))

    assert found["files"] == 2
