"""Versions with known holes are neither asked for nor installed."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

FLOORS = [
    # Before it: frames and compressed bodies that cost memory or time without limit.
    pytest.param("aiohttp", Version("3.14.5"), id="aiohttp"),
    # Before it: a leak for each refused map key, a crash after an error.
    pytest.param("msgpack", Version("1.2.4"), id="msgpack"),
    # Before it: a deferred model that two threads use first at once is built wrongly.
    pytest.param("pydantic", Version("2.14"), id="pydantic"),
]


@pytest.fixture
def asked_for(root: Path) -> dict[str, Requirement]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [Requirement(line) for line in project["dependencies"]]
    return {requirement.name: requirement for requirement in requirements}


@pytest.mark.parametrize(("package", "floor"), FLOORS)
def test_no_version_with_known_holes_is_installed(package: str, floor: Version) -> None:
    assert Version(version(package)) >= floor


@pytest.mark.parametrize(("package", "floor"), FLOORS)
def test_no_version_with_known_holes_is_asked_for(
    asked_for: dict[str, Requirement], package: str, floor: Version
) -> None:
    lowest = [Version(s.version) for s in asked_for[package].specifier if s.operator == ">="]
    assert lowest
    assert min(lowest) >= floor


def test_every_dependency_has_a_floor(asked_for: dict[str, Requirement]) -> None:
    without = [
        name
        for name, requirement in asked_for.items()
        if ">=" not in {specifier.operator for specifier in requirement.specifier}
    ]
    assert without == []
