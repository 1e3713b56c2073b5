"""Docs check: each page in a process of its own, and what that is good for."""

from pathlib import Path
from typing import Any

import pytest

from quarterjack.examples.docs_check import docs_check, pages, program, run_page
from quarterjack.examples.report_file import read_json
from quarterjack.runtime import ExecutionDetail, Runtime, Settings

GOOD = (
    "# Good\n\n```python\nx = 1\n```\nThen:\n```python\nassert x == 1\nprint('all is well')\n```\n"
)
WRONG = "# Wrong\n\n```python\nvalue = 1\nassert value == 2, 'one is not two'\n```\n"
HUNGRY = "```python\nblock = bytearray(2**40)\n```\n"
DYING = "```python\nimport ctypes\nctypes.string_at(0)\n```\n"
LEAVING = "```python\nimport sys\nsys.exit('no more')\n```\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def counted(trace: Path, page: str) -> str:
    """A page that says in a file how often it was run."""
    return page + f"```python\nwith open({str(trace)!r}, 'a') as file:\n    file.write('x')\n```\n"


def flaky(trace: Path) -> str:
    """A page that takes its process down the first time."""
    return (
        "```python\nimport os, pathlib\n"
        f"trace = pathlib.Path({str(trace)!r})\n"
        "if not trace.exists():\n    trace.touch()\n    os._exit(7)\n```\n"
    )


def write(docs: Path, **texts: str) -> None:
    for name, text in texts.items():
        (docs / f"{name}.md").write_text(text, encoding="utf-8")


def run(runtime: Runtime, docs: Path) -> ExecutionDetail:
    given = {"folder": str(docs), "output": str(docs.parent / "out")}
    return ended(runtime, runtime.run("docs-check", params=given).get(timeout=10))


def ended(runtime: Runtime, key: str) -> ExecutionDetail:
    runtime.wait_for(key).get(timeout=40)
    return runtime.get_execution(key).get(timeout=10)


def errors(item: Any) -> list[str]:
    return [attempt.error.type if attempt.error else "none" for attempt in item.attempts]


def text_report(docs: Path) -> list[str]:
    return (docs.parent / "out/docs-check.txt").read_text(encoding="utf-8").splitlines()


def test_pages_that_die_cost_their_own_attempt_only(tmp_path: Path, docs: Path) -> None:
    write(docs, good=GOOD, wrong=WRONG, hungry=HUNGRY, dying=DYING, leaving=LEAVING)
    write(docs, flaky=flaky(tmp_path / "trace"), prose="Nothing to run.\n")
    with Runtime(workflows=[docs_check], settings=Settings.of(processes=2)) as runtime:
        found = run(runtime, docs)
        logs = runtime.get_step_logs(found.execution.id, "checked[2]").get(timeout=10)

    assert found.steps[0].result == [
        f"{name}.md" for name in ("dying", "flaky", "good", "hungry", "leaving", "wrong")
    ]
    dying, flaky_item, good, hungry, leaving, wrong = found.items["checked"]
    assert errors(dying) == ["WorkerDied"] * 3
    assert "SIGSEGV" in str(dying.attempts[0].error)
    assert errors(flaky_item) == ["WorkerDied", "none"]
    assert errors(good) == ["none"]
    assert errors(hungry) == ["MemoryError"]
    assert "its limit of 512 MB" in str(hungry.attempts[0].error)
    assert errors(leaving) == ["SystemExit"]
    assert errors(wrong) == ["AssertionError"]
    assert 'wrong.md", line 5' in str(wrong.attempts[0].error)
    assert found.execution.status == "failed"
    assert [line.text for line in logs[0].lines] == ["all is well"]


def test_the_report_is_written_although_pages_have_failed(docs: Path) -> None:
    write(docs, good=GOOD, wrong=WRONG, dying=DYING)
    with Runtime(workflows=[docs_check], settings=Settings.of(processes=2)) as runtime:
        found = run(runtime, docs)

    assert found.execution.status == "failed"
    assert text_report(docs) == [
        "1 of 3 pages pass",
        "dying.md: gave no answer (attempt 3)",
        "wrong.md: AssertionError: one is not two (attempt 1)",
    ]
    report = read_json(docs.parent / "out/docs-check.json")
    assert report["allGood"] is False
    assert "2 of 3 items failed" in report["failures"]["checked"]


def test_a_retry_runs_only_the_pages_that_were_mended(tmp_path: Path, docs: Path) -> None:
    traces = tmp_path / "good-trace", tmp_path / "wrong-trace"
    write(docs, good=counted(traces[0], GOOD), wrong=counted(traces[1], WRONG))
    with Runtime(workflows=[docs_check], settings=Settings.of(processes=2)) as runtime:
        failed = run(runtime, docs)
        write(docs, wrong=counted(traces[1], GOOD))
        again = runtime.retry_execution(failed.execution.id).get(timeout=10)
        found = ended(runtime, again)

    assert failed.execution.status == "failed"
    assert found.execution.status == "succeeded"
    assert [path.read_text(encoding="utf-8") for path in traces] == ["x", "x"]
    assert text_report(docs) == ["2 of 2 pages pass"]


def test_blocks_keep_their_lines_and_their_marks() -> None:
    text = "# A\n```python\na = 1\n```\n```python no-run\nb\n```\n```sh\nls\n```\n```python\nc = 3\n```\n"

    found = enumerate(program(text).splitlines(), 1)

    assert [(number, line) for number, line in found if line] == [(3, "a = 1"), (12, "c = 3")]


def test_pages_without_examples_are_left_out(docs: Path) -> None:
    (docs / "deep").mkdir()
    write(docs, a=GOOD, prose="# Words\n")
    write(docs / "deep", b=GOOD)

    assert pages(str(docs)) == ["a.md", "deep/b.md"]


def test_a_page_runs_in_a_folder_that_goes_away(docs: Path) -> None:
    here = Path.cwd()
    leaving = "import os\nopen('left', 'x').close()\nassert os.listdir() == ['left']\n"
    write(docs, page=f"```python\n{leaving}```\n")

    run_page(docs / "page.md")

    assert Path.cwd() == here
    assert [path.name for path in docs.iterdir()] == ["page.md"]
