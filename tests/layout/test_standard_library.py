"""`http` stays the standard library's, also when the repository root is on `sys.path`."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest


def python(root: Path, *arguments: str) -> str:
    """What Python prints when it is started in the repository root."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("module", ["http", "http.client", "http.cookies", "http.server"])
def test_http_is_the_standard_one_from_the_root(root: Path, module: str) -> None:
    found = python(root, "-c", f"import {module} as found; print(found.__file__)")
    assert Path(found).is_relative_to(sysconfig.get_path("stdlib"))


def test_the_root_is_first_on_the_path_there(root: Path) -> None:
    first = python(root, "-c", "import os, sys; print(os.path.abspath(sys.path[0]))")
    assert Path(first.strip()) == root


def test_the_standard_file_server_starts_from_the_root(root: Path) -> None:
    assert "usage" in python(root, "-m", "http.server", "--help")


def test_both_http_packages_live_in_one_process(root: Path) -> None:
    script = "import http.client, quarterjack.http, http; print(http is not quarterjack.http)"
    assert python(root, "-c", script).strip() == "True"
