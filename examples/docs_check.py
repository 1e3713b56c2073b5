"""Docs check: runs the Python examples of your documentation, each page in a process that may die.

For whoever writes manuals. The ```python blocks of a page of `folder` are one program, run from top to
bottom in an empty folder; a block marked `no-run` is left out. An example that crashes the interpreter,
hangs or eats memory costs its own attempt. `output` gets `docs-check.txt` and `docs-check.json`.
(A process keeps accidents apart, it is no prison: run only what you would run yourself.)

Shows: isolation (`runner="process"`, `memory`), times for an attempt and for all of them, retries with
growing, spread waits for what may pass and for nothing else (`checked`); a report that comes although
pages have failed (`report`). Mend the pages, then retry the execution: only they are run again.

    quarterjack serve --app quarterjack.examples.docs_check
    curl -s http://127.0.0.1:8321/api/workflows/docs-check/run -H 'content-type: application/json' \
        -d '{"params": {"folder": "docs", "output": "reports"}}'
    curl -s -X POST http://127.0.0.1:8321/api/executions/exe_…/retry
"""

import contextlib
import re
import tempfile
from pathlib import Path
from typing import Any

from quarterjack.runtime import Retry, StepContext, Workflow

from .report_file import read_json, write_json, write_text

_BLOCK = re.compile(
    r"^```python\b(?P<mark>[^\n]*)\n(?P<code>.*?)^```[ ]*$", re.MULTILINE | re.DOTALL
)

docs_check = Workflow("docs-check", description="Runs the Python examples of a documentation.")


@docs_check.step
def pages(folder: str, pattern: str = "*.md") -> list[str]:
    """The pages that have examples."""
    top = Path(folder)
    found = (path for path in top.rglob(pattern) if program(path.read_text(encoding="utf-8")))
    return sorted(path.relative_to(top).as_posix() for path in found)


@docs_check.step(
    map={"page": "pages"},
    concurrency=2,
    runner="process",
    memory="512MB",
    timeout="10s",
    total_timeout="1m",
    retry=Retry(
        attempts=3,
        backoff="500ms",
        factor=3,
        max_backoff="10s",
        jitter=0.5,
        retry_on=("WorkerDied", OSError),
        no_retry_on=(FileNotFoundError, PermissionError, TimeoutError),
    ),
)
def checked(page: str, folder: str, output: str, ctx: StepContext) -> str:
    """Run a page's examples. What it has to say stands in a file: a process that dies says nothing."""
    note = {"page": page, "attempt": ctx.attempt, "verdict": "gave no answer"}
    write_json(_note(output, page), note)
    try:
        run_page(Path(folder, page).absolute())
    except (Exception, SystemExit) as error:
        write_json(_note(output, page), note | {"verdict": f"{type(error).__name__}: {error}"})
        raise
    write_json(_note(output, page), note | {"verdict": "passed"})
    return page


@docs_check.step(run_if="always")
def report(
    pages: list[str] | None, checked: list[str] | None, output: str, ctx: StepContext
) -> dict[str, Any]:
    """Write both reports, also when pages have failed; what they say in short."""
    notes = [read_json(_note(output, page)) for page in pages or []]
    bad = [note for note in notes if note and note["verdict"] != "passed"]
    summary = {
        "at": ctx.scheduled_time.isoformat(),
        "pages": len(notes),
        "passed": len(notes) - len(bad),
        "allGood": checked is not None,
        "failures": {step: failure.message for step, failure in ctx.failures.items()},
    }
    lines = [f"{note['page']}: {note['verdict']} (attempt {note['attempt']})" for note in bad]
    heading = f"{summary['passed']} of {summary['pages']} pages pass"
    write_text(Path(output, "docs-check.txt"), "\n".join([heading, *lines]) + "\n")
    write_json(Path(output, "docs-check.json"), {**summary, "notes": notes})
    return summary


def program(text: str) -> str:
    """A page's Python, each line where it stands on the page, so that tracebacks point there.

    >>> program("Text\\n```python\\na = 1\\n```\\n```python no-run\\nb\\n```\\n")
    '\\n\\na = 1\\n'
    """
    code = ""
    for block in _BLOCK.finditer(text):
        if "no-run" not in block["mark"].split():
            above = text.count("\n", 0, block.start("code"))
            code += "\n" * (above - code.count("\n")) + block["code"]
    return code


def run_page(path: Path) -> None:
    """Run it in a folder of its own, in this process."""
    code = compile(program(path.read_text(encoding="utf-8")), path, "exec")
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        exec(code, {"__name__": "__main__", "__file__": str(path)})


def _note(output: str, page: str) -> Path:
    return Path(output, "docs-check", f"{page}.json")
