"""The wheel holds what the folders hold: nothing forgotten, nothing of an older build."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

# Both come with the `dev` extra: pip install -e '.[dev]'
pytest.importorskip("build", reason="building a wheel needs: pip install -e '.[dev]'")
pytest.importorskip(
    "setuptools", minversion="77", reason="building a wheel needs: pip install -e '.[dev]'"
)

NOT_SOURCE = (".git", ".venv", ".*_cache", "__pycache__", "build", "dist", "*.egg-info")


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel that was built from it."""
    source = tmp_path_factory.mktemp("source") / "quarterjack"
    shutil.copytree(root, source, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    output = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return output


@pytest.fixture(scope="module")
def wheel_files(built: Path) -> set[str]:
    (wheel,) = built.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def sdist_files(built: Path) -> set[str]:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_wheel_holds_exactly_the_source_files(
    wheel_files: set[str], packaged_files: dict[str, Path]
) -> None:
    assert {name for name in wheel_files if ".dist-info/" not in name} == set(packaged_files)


def test_the_wheel_carries_the_licence(wheel_files: set[str]) -> None:
    assert [name for name in wheel_files if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_wheel_installs_the_command(wheel_files: set[str]) -> None:
    assert [name for name in wheel_files if name.endswith(".dist-info/entry_points.txt")]


def test_the_sdist_holds_what_a_build_needs(sdist_files: set[str]) -> None:
    assert {"LICENSE", "README.md", "pyproject.toml", "setup.cfg"} <= sdist_files
