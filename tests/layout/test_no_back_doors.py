"""What is delivered has no switch for faults, unpickles nothing, and runs no text as code."""

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from quarterjack.http.cli.main import main
from quarterjack.http.settings import HttpSettings
from quarterjack.runtime import Settings

if TYPE_CHECKING:
    from tests.layout.conftest import SourceFile

FOR_TESTS_ONLY = re.compile("fault|crash|inject|debug|chaos|buggify|poison|backdoor|mock", re.I)
UNPICKLES = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
ANNOTATIONS = {"actors/secret_places.py"}
"""Annotations of steps that are written as text: they are the workflow's own code."""
READS_THE_ENVIRONMENT = {
    "http/cli/main.py": "whether a shell asks for completions",
    "runtime/builtin/command_params.py": "for commands",
    "runtime/calendar_reading.py": "for the process that reads calendars",
    "runtime/runners/process.py": "for worker processes",
    "runtime/time_zone_data.py": "where time zones come from",
    "runtime/vault/places.py": "secrets, by names that a setting allows",
    "runtime/webhook_secrets.py": "secrets of webhooks, by their names",
    "runtime/worker/serving.py": "of a worker process",
    "runtime/worker/surroundings.py": "of a worker process",
}
"""Whoever else wants to know something of the environment has an option for it."""


def options(command: click.Command, path: str = "") -> Iterator[str]:
    """The names of all options, and of their variables."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            variables = [parameter.envvar] if isinstance(parameter.envvar, str) else []
            yield from (f"{path} {name}" for name in [*parameter.opts, *variables])
    if isinstance(command, click.Group):
        with click.Context(command) as ctx:
            for name in command.list_commands(ctx):
                found = command.get_command(ctx, name)
                assert found is not None
                yield from options(found, f"{path} {name}")


def test_no_option_and_no_setting_makes_faults() -> None:
    names = [*options(main), *Settings.model_fields, *HttpSettings.model_fields]

    assert len(names) > 100
    assert [name for name in names if FOR_TESTS_ONLY.search(name)] == []


def test_nobody_listens_to_variables_but_by_options(packaged_sources: list["SourceFile"]) -> None:
    readers = {
        source.name
        for source in packaged_sources
        if re.search(r"\bos\.(environ|getenv)\b|\bfrom os import .*environ", source.text)
    }

    assert readers - {name for name in readers if name.startswith("examples/")} <= (
        READS_THE_ENVIRONMENT.keys()
    )


def imports(tree: ast.Module) -> Iterator[str]:
    """The top names of all that is imported, wherever that stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def test_nothing_is_unpickled(packaged_sources: list["SourceFile"]) -> None:
    found = [
        f"{source.name}: {name}"
        for source in packaged_sources
        for name in imports(source.tree)
        if name in UNPICKLES
    ]
    assert found == []


def test_no_text_is_run_as_code(packaged_sources: list["SourceFile"]) -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in packaged_sources
        if source.name not in ANNOTATIONS and not source.name.startswith("examples/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in RUNS_TEXT
    ]
    assert found == []
