"""The workflow `quarterjack.command`: runs a program, or a line of shell, as one step.

The step runs in the runner `async` and holds no worker. When it ends, however it ends, the process
group of the command is ended, too.
"""

import asyncio
import signal
from collections.abc import Collection, Iterable
from typing import Any, Final

from quarterjack.actors.workflow import Workflow
from quarterjack.storage import QuarterjackError
from quarterjack.storage.durations import format_duration

from ..step_context import StepContext
from .command_params import CommandParams, environment_of
from .command_process import CommandProcess
from .given_params import revealed
from .names import COMMAND

_LAST_LINES: Final = 20
_LONGEST_END: Final = 4_000
_MOST_LOGGED: Final = 500


class CommandFailed(QuarterjackError):
    """The command ended with an exit code that is not expected, or by a signal.

    The message has the end of what it wrote; the rest is in the step's log.
    """


class CommandTimedOut(QuarterjackError):
    """The command took longer than its `timeout`, and was ended."""


def command_workflow() -> Workflow:
    """The workflow."""
    workflow = Workflow(
        COMMAND,
        description="Runs a program (argv) or a line of shell, and keeps its exit code and output.",
        params_check=CommandParams.wrong_in,
        secret_maps=("env",),
    )

    @workflow.step(runner="async")
    async def run(
        ctx: StepContext,
        argv: list[str] | None = None,
        shell: str | None = None,
        cwd: str | None = None,
        env: dict[str, Any] | None = None,
        timeout: str | float | None = None,  # noqa: ASYNC109  (given by a user, kept by the step)
        input: str | None = None,  # noqa: A002
        expect: list[int] | None = None,
        max_output: int | None = None,
    ) -> dict[str, Any]:
        params = CommandParams.read(
            argv=argv,
            shell=shell,
            cwd=cwd,
            env=revealed(env),
            timeout=timeout,
            input=input,
            expect=expect,
            max_output=max_output,
        )
        return await _run(params, ctx)

    return workflow


async def _run(params: CommandParams, ctx: StepContext) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    process = await CommandProcess.start(
        params.command,
        cwd=params.cwd,
        env=environment_of(params, ctx),
        text=params.input,
        max_output=params.max_output,
    )
    code: int | None = None
    try:
        code = await process.wait(params.timeout.total_seconds())
    except TimeoutError:
        pass
    finally:
        try:
            await process.end()
        finally:
            if code not in params.expect:
                _log_output(process, ctx)
    if code is None:
        raise CommandTimedOut(
            f"it took longer than {format_duration(params.timeout)}{_last_lines(process)}"
        )
    if code not in params.expect:
        raise CommandFailed(f"{_ending(code, params.expect)}{_last_lines(process)}")
    return {
        "exitCode": code,
        "signal": None,
        "stdout": process.stdout.text(),
        "stderr": process.stderr.text(),
        "stdoutDropped": process.stdout.dropped,
        "stderrDropped": process.stderr.dropped,
        "duration": round(loop.time() - begun, 3),
    }


def _ending(code: int, expect: Collection[int]) -> str:
    """How it ended.

    >>> _ending(3, [0]), _ending(-9, [0, 1])
    ('exit code 3, expected 0', 'ended by SIGKILL')
    """
    if code < 0:
        return f"ended by {_signal_name(-code)}"
    return f"exit code {code}, expected {' or '.join(map(str, expect))}"


def _signal_name(number: int) -> str:
    """A signal by name.

    >>> _signal_name(9), _signal_name(40)
    ('SIGKILL', 'signal 40')
    """
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_lines(process: CommandProcess) -> str:
    for name, stream in (("stderr", process.stderr), ("stdout", process.stdout)):
        lines = stream.text().rstrip().splitlines()[-_LAST_LINES:]
        if lines:
            end = "\n".join(lines)[-_LONGEST_END:]
            return f"; the end of its {name}:\n{end}"
    return "; it wrote nothing"


def _log_output(process: CommandProcess, ctx: StepContext) -> None:
    """A record for each line: what a command writes can't look like lines of the server's log."""
    for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
        lines = stream.text().splitlines()
        if len(lines) > _MOST_LOGGED or stream.dropped:
            ctx.logger.warning("%s: … the last lines of more …", name)
        for line in _visible(lines[-_MOST_LOGGED:]):
            ctx.logger.warning("%s: %s", name, line)


def _visible(lines: Iterable[str]) -> Iterable[str]:
    """Lines whose control characters a terminal can't obey.

    >>> list(_visible(["a\\tb \\x1b[31m"]))
    ['a\\tb \\\\x1b[31m']
    """
    for line in lines:
        yield "".join(
            each if each.isprintable() or each == "\t" else ascii(each)[1:-1] for each in line
        )
