"""The performance command runs, and says what it measured. How fast is not asked here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "perf").is_dir(), reason="the benchmarks are in the repository only"
)


def _perf(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "perf", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50)


def test_the_scenarios_are_listed() -> None:
    done = _perf("--help")

    assert done.returncode == 0
    assert "tell " in done.stdout
    assert "runs-of-three " in done.stdout


def test_a_short_run_writes_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"

    done = _perf("--smoke", "commit", "--json", str(file))

    found = json.loads(file.read_text(encoding="utf-8"))["scenarios"]["commit"]
    assert done.returncode in (0, 1), done.stderr
    assert done.returncode == (0 if found["holds"] else 1)
    assert found["ours"] > 0
    assert found["ratios"].keys() == found["others"].keys()
    assert "commit" in done.stdout
