"""What is in the folders is what is installed, under names that are in nobody's way."""

import sys
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.layout.conftest import SourceFile

TYPED = ["storage", "actors", "runtime", "http"]


def test_setup_cfg_lists_each_folder_with_files(
    listed_packages: list[str], packaged_files: dict[str, Path]
) -> None:
    folders = {str(PurePosixPath(name).parent).replace("/", ".") for name in packaged_files}
    assert set(listed_packages) == folders


def test_no_package_is_listed_twice(listed_packages: list[str]) -> None:
    assert len(listed_packages) == len(set(listed_packages))


def test_every_listed_package_can_be_imported(module_names: list[str]) -> None:
    for name in module_names:
        import_module(name)


def test_no_module_takes_a_standard_name(sources: list["SourceFile"]) -> None:
    taken = sys.stdlib_module_names
    names = [source.name.removesuffix(".py").removeprefix("http/") for source in sources]
    assert [name for name in names if not taken.isdisjoint(name.split("/"))] == []


def test_the_folders_are_regular_packages(root: Path) -> None:
    assert [name for name in TYPED if not (root / name / "__init__.py").exists()] == []


def test_no_folder_of_tests_is_a_package(root: Path) -> None:
    assert list((root / "tests").rglob("__init__.py")) == []


def test_every_folder_tells_type_checkers_it_is_typed(root: Path) -> None:
    assert [name for name in TYPED if not (root / name / "py.typed").exists()] == []
