"""Each command says what it is for, what each option means, and shows how it is typed."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from quarterjack.http.cli.command_table import TABLE
from quarterjack.http.cli.main import main


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command, groups' own commands included."""
    with click.Context(group) as ctx:
        for name in group.list_commands(ctx):
            found = group.get_command(ctx, name)
            assert found is not None
            if isinstance(found, click.Group):
                yield from commands(found, (*path, name))
            else:
                yield (*path, name)


ALL = list(commands(main, ()))


def command(path: tuple[str, ...]) -> click.Command:
    """The one to which these words lead."""
    found: click.Command = main
    for name in path:
        assert isinstance(found, click.Group)
        with click.Context(found) as ctx:
            below = found.get_command(ctx, name)
        assert below is not None
        found = below
    return found


def examples(path: tuple[str, ...]) -> list[str]:
    """The command lines in its help."""
    _, _, told = (command(path).epilog or "").partition("Examples:\n")
    return [line.strip() for line in told.splitlines()]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_each_option_is_explained(path: tuple[str, ...]) -> None:
    options = [each for each in command(path).params if isinstance(each, click.Option)]

    assert [each.opts for each in options if not each.help] == []


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_each_command_says_what_it_does_and_shows_examples(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*path, "--help"], terminal_width=80)

    assert done.exit_code == 0
    assert (command(path).help or "").strip()
    assert examples(path)
    for line in examples(path):
        assert f"    {line}\n" in done.stdout


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_each_example_is_a_line_that_the_command_takes(path: tuple[str, ...]) -> None:
    asked = " ".join(("quarterjack", *path))

    for line in examples(path):
        part = next(each for each in re.split(r" \| | > |[()]", line) if asked in each)
        words = shlex.split(part.partition(asked)[2])
        context = click.Context(command(path))
        left = command(path).make_parser(context).parse_args(words)[1]
        assert left == [], line


def test_the_list_of_commands_has_no_line_that_wraps() -> None:
    shown = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout

    for rows in TABLE.values():
        for row in rows:
            assert any(line.endswith(f" {row.help}") for line in shown.splitlines()), row


def test_a_command_that_is_not_there_is_told_with_what_looks_like_it() -> None:
    done = CliRunner().invoke(main, ["scheduels"])

    assert done.exit_code == 2
    assert "No such command 'scheduels'. Did you mean schedules?" in done.stderr
