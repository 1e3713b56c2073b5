"""`quarterjack logs`: what the steps of an execution wrote and logged, in the order of time."""

import threading
from typing import Final

import click

from quarterjack.storage.statuses import FINAL

from ... import json_text
from ...client import Client
from ...shapes.executions import ExecutionDetail, Step
from ..exit_codes import ExitCode
from ..failure import ClientError
from ..help_text import examples
from ..names import Named, execution_id, near
from ..options import option
from ..server_options import server_options
from ..typed_names import ExecutionType
from .log_lines import LogReader, Told, line_text, steps_of
from .screen import Screen, screen

_BETWEEN: Final = 0.5
"""Seconds between two looks at an execution that is followed."""


@click.command(
    epilog=examples(
        "quarterjack logs last",
        "quarterjack logs exe_4k2m8n1p load --tail 20",
        "quarterjack logs last 'load[3]'",
        "quarterjack logs last --follow",
    )
)
@click.argument("execution", type=ExecutionType())
@click.argument("step", required=False)
@option("--follow", is_flag=True, help="Go on with what is written, until the execution has ended.")
@option("--tail", type=click.IntRange(min=0), help="Begin with the last so many lines.")
@server_options
def logs(
    client: Client,
    execution: str,
    step: str | None,
    follow: bool,
    tail: int | None,
    as_json: bool,
) -> None:
    """Print what the steps of EXECUTION wrote and logged, or that STEP.

    EXECUTION is an id, the first 8 characters of one or more, or `last`. STEP is a step's name; an
    item of a mapped one is called 'load[3]'. The lines of all attempts stand in the order of time;
    kept are the last 64 kB of each attempt. With --json and STEP it is the interface's answer, and
    without STEP there is one for each step under `steps`.
    """
    key = execution_id(client, execution)
    found = client.get_execution(key).get()
    _wanted(found, step)
    if as_json:
        found = client.wait_for(key).get() if follow else found
        _print_json(client, found, step)
    elif not _print(client, found, step, tail, follow=follow):
        click.echo(f"nothing was written by {step or 'its steps'}", err=True)


def _print(
    client: Client, found: ExecutionDetail, step: str | None, tail: int | None, *, follow: bool
) -> bool:
    """Whether there was anything."""
    there, reader, pause = screen(), LogReader(client, found.id), threading.Event()
    lines = reader.new_lines(_wanted(found, step))
    any_lines = bool(lines)
    _print_lines(there, lines if tail is None else lines[max(0, len(lines) - tail) :], found, step)
    while follow and found.status not in FINAL:
        pause.wait(_BETWEEN)
        found = client.get_execution(found.id).get()
        lines = reader.new_lines(_wanted(found, step))
        any_lines = any_lines or bool(lines)
        _print_lines(there, lines, found, step)
    return any_lines


def _print_lines(
    there: Screen, lines: list[Told], found: ExecutionDetail, step: str | None
) -> None:
    names = [each.name for each in _wanted(found, step)]
    for each in lines:
        there.print_folded(line_text(each, names, on_terminal=there.is_terminal))


def _wanted(found: ExecutionDetail, step: str | None) -> list[Step]:
    """The step of that name with its items, or all. Raises `ClientError`."""
    every = steps_of(found)
    if step is None:
        return every
    wanted = [each for each in every if each.name == step or each.name.startswith(f"{step}[")]
    if not wanted:
        told = f"{found.id} has no step {step!r}"
        guesses = near(step, [Named(each.name, each.name) for each in found.steps])
        names = " or ".join(each.name for each in guesses)
        told += f"; did you mean {names}?" if names else f"; {_known(found)}"
        raise ClientError(told, ExitCode.NOT_FOUND)
    return wanted


def _known(found: ExecutionDetail) -> str:
    if not found.steps:
        return "it has none yet"
    return f"there are: {', '.join(each.name for each in found.steps)}"


def _print_json(client: Client, found: ExecutionDetail, step: str | None) -> None:
    if step is not None:
        click.echo(json_text.dump(_logs(client, found.id, step)))
        return
    told = [
        {"step": each.name, **_logs(client, found.id, each.name)}
        for each in steps_of(found)
        if each.attempts
    ]
    click.echo(json_text.dump({"steps": told}))


def _logs(client: Client, key: str, step: str) -> dict[str, object]:
    return {"items": [each.model_dump() for each in client.get_step_logs(key, step).get()]}
