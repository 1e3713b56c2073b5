"""The repository as the layout tests look at it: its folders, files and packages."""

import ast
import configparser
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class SourceFile:
    """One Python file of ours; `name` is its path from the root, with slashes."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `page` runs once for README.md and for each page of the documentation."""
    if "page" in metafunc.fixturenames:
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        ids = [page.relative_to(ROOT).as_posix() for page in pages]
        metafunc.parametrize("page", pages, ids=ids)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


@pytest.fixture(scope="session")
def listed_packages(setup_cfg: configparser.ConfigParser) -> list[str]:
    return setup_cfg["options"]["packages"].split()


@pytest.fixture(scope="session")
def package_folders(setup_cfg: configparser.ConfigParser) -> dict[str, Path]:
    """`quarterjack.storage` and its like, each with the folder that holds it."""
    lines = setup_cfg["options"]["package_dir"].strip().splitlines()
    pairs = (line.split("=") for line in lines)
    return {package.strip(): ROOT / folder.strip() for package, folder in pairs}


@pytest.fixture(scope="session")
def packaged_files(package_folders: dict[str, Path]) -> dict[str, Path]:
    """Every file that belongs into a wheel, by its path there."""
    return {
        f"{package.replace('.', '/')}/{path.relative_to(folder).as_posix()}": path
        for package, folder in package_folders.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="session")
def packaged_sources(packaged_files: dict[str, Path]) -> list[SourceFile]:
    return [SourceFile(path) for path in packaged_files.values() if path.suffix == ".py"]


@pytest.fixture(scope="session")
def sources(packaged_sources: list[SourceFile]) -> list[SourceFile]:
    """All of our Python files but the tests."""
    return packaged_sources + [SourceFile(path) for path in sorted((ROOT / "perf").rglob("*.py"))]


@pytest.fixture(scope="session")
def module_names(listed_packages: list[str]) -> list[str]:
    """Every importable module, found by the files of the *installed* packages.

    Walking the namespace with `pkgutil` would pass `quarterjack.http` by. `__main__` is left out:
    it is there to be run.
    """
    names = []
    for package in listed_packages:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            stems = sorted(path.stem for path in Path(folder).glob("*.py"))
            names += [f"{package}.{stem}" for stem in stems if not stem.startswith("__")]
    return listed_packages + names
