"""What the README and the documentation tell readers to type, works.

The ```python blocks of a page are one program, run from top to bottom in a folder of its own; a
block marked ```python no-run is left out. ```bash blocks are only parsed.
"""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

LONGEST_RUN = 50

BLOCK = re.compile(
    r"^(?P<indent>[ ]*)```(?P<language>\w+)[ ]*(?P<mark>[^\n]*)\n"
    r"(?P<code>.*?)"
    r"^(?P=indent)```[ ]*$",
    re.MULTILINE | re.DOTALL,
)


def blocks(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Each block to check, with the number of lines above it."""
    for block in BLOCK.finditer(text):
        if block["language"] == language and "no-run" not in block["mark"].split():
            yield text.count("\n", 0, block.start("code")), textwrap.dedent(block["code"])


def program(text: str) -> str:
    """The page's Python, each line where it stands on the page, so that tracebacks point there."""
    code = ""
    for above, block in blocks(text, "python"):
        code += "\n" * (above - code.count("\n")) + block
    return code


def test_the_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    script = tmp_path / f"{page.stem.lower()}_page.py"
    script.write_text(program(page.read_text(encoding="utf-8")), encoding="utf-8")
    command = [sys.executable, script.name]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST_RUN
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shell_commands_of_a_page_parse(page: Path) -> None:
    for above, block in blocks(page.read_text(encoding="utf-8"), "bash"):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, f"{page.name}, block at line {above}: {done.stderr}"


def test_a_block_keeps_its_lines_and_its_marks() -> None:
    page = "Text\n```python\na = 1\n```\n```python no-run\nb\n```\n  ```python\n  c = 3\n  ```\n"
    assert program(page) == "\n\na = 1\n\n\n\n\n\nc = 3\n"
