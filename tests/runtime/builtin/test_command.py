"""`quarterjack.command` with real processes: what it tells, and that nothing of it is left."""

import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes import OBEDIENT, STUBBORN, lives, none_lives, noted
from waiting import eventually

from quarterjack.actors.workflow import Workflow
from quarterjack.runtime.builtin.command import command_workflow
from quarterjack.runtime.runners import CoroutineRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime.builtin.conftest import Attempt

    Try = Callable[..., Attempt]


@pytest.fixture
def command() -> Workflow:
    return command_workflow()


def test_a_program_runs_and_its_output_is_the_result(attempt: "Try", command: Workflow) -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr)"

    result = attempt(command, argv=[sys.executable, "-c", script]).result

    assert result.pop("duration") > 0
    assert result == {
        "exitCode": 0,
        "signal": None,
        "stdout": "out\n",
        "stderr": "err\n",
        "stdoutDropped": 0,
        "stderrDropped": 0,
    }


def test_a_line_of_shell_is_taken_as_it_stands(attempt: "Try", command: Workflow) -> None:
    result = attempt(command, shell='for x in a b; do echo "$x;"; done | tr ab AB').result

    assert result["stdout"] == "A;\nB;\n"


def test_arguments_pass_no_shell(attempt: "Try", command: Workflow) -> None:
    result = attempt(command, argv=["echo", "$(id)", "; id", "a  b", "*"]).result

    assert result["stdout"] == "$(id) ; id a  b *\n"


def test_the_command_runs_in_the_given_folder(
    attempt: "Try", command: Workflow, tmp_path: Path
) -> None:
    assert attempt(command, argv=["pwd"], cwd=str(tmp_path)).result["stdout"] == f"{tmp_path}\n"


@pytest.mark.parametrize("length", [0, 7, 900_000])
def test_input_is_what_the_command_reads(attempt: "Try", command: Workflow, length: int) -> None:
    result = attempt(command, argv=["wc", "-c"], input="x" * length).result

    assert result["stdout"].strip() == str(length)


def test_without_input_there_is_nothing_to_read(attempt: "Try", command: Workflow) -> None:
    assert attempt(command, argv=["cat"]).result["stdout"] == ""


def test_a_command_need_not_read_its_input(attempt: "Try", command: Workflow) -> None:
    assert attempt(command, argv=["true"], input="x" * 900_000).result["exitCode"] == 0


# Environment


def test_secrets_of_the_server_are_not_passed_on(
    attempt: "Try", command: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARTERJACK_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LC_TIME", "C")

    lines = attempt(command, argv=["env"], env={"GREETING": "hello"}).result["stdout"].split("\n")
    found = dict(line.split("=", 1) for line in lines if line)

    assert "secret" not in found.values()
    assert {name: found.pop(name) for name in sorted(found) if name.startswith("QUARTER")} == {
        "QUARTERJACK_EXECUTION_ID": "exe_1",
        "QUARTERJACK_IDEMPOTENCY_KEY": "exe_1:run",
        "QUARTERJACK_SCHEDULED_TIME": "1970-01-01T00:00:00.000000Z",
        "QUARTERJACK_SCHEDULE_ID": "sch_1",
    }
    assert found["GREETING"] == "hello"
    assert found["PATH"] == os.environ["PATH"]
    assert found["LC_TIME"] == "C"


def test_given_variables_go_before_inherited_ones(attempt: "Try", command: Workflow) -> None:
    result = attempt(command, shell="echo $HOME $TZ", env={"HOME": "/x", "TZ": "Asia/Tokyo"}).result

    assert result["stdout"] == "/x Asia/Tokyo\n"


# Ends


def test_an_unexpected_exit_code_fails_with_the_end_of_stderr(
    attempt: "Try", command: Workflow, caplog: pytest.LogCaptureFixture
) -> None:
    line = "seq 100; echo one >&2; printf 'two\\033[31m\\n' >&2; exit 3"

    failure = attempt(command, shell=line).failure

    assert failure.type == "CommandFailed"
    assert failure.message.startswith("exit code 3, expected 0; the end of its stderr:\none\ntwo")
    logged = [record.getMessage() for record in caplog.records]
    assert logged[:2] == ["stdout: 1", "stdout: 2"]
    assert logged[-2:] == ["stderr: one", "stderr: two\\x1b[31m"]
    assert all(record.levelno == logging.WARNING for record in caplog.records)


def test_expected_exit_codes_are_success(attempt: "Try", command: Workflow) -> None:
    assert attempt(command, shell="exit 3", expect=[0, 3]).result["exitCode"] == 3
    failure = attempt(command, shell="exit 0", expect=[1, 3]).failure
    assert failure.message == "exit code 0, expected 1 or 3; it wrote nothing"


def test_the_signal_that_ended_a_command_is_told(attempt: "Try", command: Workflow) -> None:
    failure = attempt(command, shell="echo last words; kill -SEGV $$").failure

    assert failure.type == "CommandFailed"
    assert failure.message == "ended by SIGSEGV; the end of its stdout:\nlast words"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        pytest.param({"argv": ["no-such-program"]}, "'no-such-program': No such file", id="absent"),
        pytest.param({"argv": ["/"]}, "'/': Permission denied", id="a folder"),
        pytest.param({"argv": ["ls"], "cwd": "/nowhere"}, "'/nowhere': No such file", id="cwd"),
    ],
)
def test_what_cannot_be_started_is_named(
    attempt: "Try", command: Workflow, params: dict[str, Any], told: str
) -> None:
    failure = attempt(command, **params).failure

    assert failure.type == "CommandNotStarted"
    assert told in failure.message


# Nothing is left


@pytest.mark.parametrize("line", [OBEDIENT, STUBBORN], ids=["obedient", "ignores SIGTERM"])
def test_a_timeout_ends_the_whole_group(
    attempt: "Try", command: Workflow, tmp_path: Path, line: str
) -> None:
    begun = time.monotonic()

    failure = attempt(command, shell=line, cwd=str(tmp_path), timeout="0.3s").failure

    assert time.monotonic() - begun < 2.3
    assert none_lives(noted(tmp_path))
    assert failure.type == "CommandTimedOut"
    assert failure.message == "it took longer than 300ms; it wrote nothing"


@pytest.mark.parametrize("line", [OBEDIENT, STUBBORN], ids=["obedient", "ignores SIGTERM"])
def test_cancelling_ends_the_whole_group(
    attempt: "Try", command: Workflow, tmp_path: Path, line: str
) -> None:
    running = attempt(command, shell=line, cwd=str(tmp_path))
    found = noted(tmp_path)
    assert all(map(lives, found))
    begun = time.monotonic()

    running.cancel()

    assert running.failure.type == "CancelledError"
    assert time.monotonic() - begun < 2
    assert none_lives(found)


def test_cancelling_twice_ends_the_whole_group_at_once(
    attempt: "Try", command: Workflow, tmp_path: Path
) -> None:
    line = "trap 'echo > asked' TERM; echo $$ > pids; while :; do sleep 0.05; done"
    running = attempt(command, shell=line, cwd=str(tmp_path))
    found = noted(tmp_path)
    begun = time.monotonic()

    running.cancel()
    eventually(lambda: (tmp_path / "asked").exists())
    running.cancel()

    assert running.failure.type == "CancelledError"
    eventually(lambda: none_lives(found))
    assert time.monotonic() - begun < 0.9


def test_closing_the_runner_ends_the_whole_group(
    attempt: "Try", command: Workflow, runner: CoroutineRunner, tmp_path: Path
) -> None:
    running = attempt(command, shell=STUBBORN, cwd=str(tmp_path))
    found = noted(tmp_path)

    runner.close()

    eventually(lambda: none_lives(found), within=2)
    assert running.failure.type == "CancelledError"


def test_a_child_in_the_background_ends_with_its_command(
    attempt: "Try", command: Workflow, tmp_path: Path
) -> None:
    line = "sleep 60 & echo $! > pids; echo done"

    result = attempt(command, shell=line, cwd=str(tmp_path)).result

    assert result["stdout"] == "done\n"
    assert result["duration"] < 2
    assert none_lives(noted(tmp_path))


def test_a_daemon_that_holds_the_pipe_does_not_hang_the_step(
    attempt: "Try", command: Workflow, tmp_path: Path
) -> None:
    line = "setsid sh -c 'echo $$ > pids; exec sleep 60' & while [ ! -s pids ]; do :; done; echo x"
    begun = time.monotonic()

    result = attempt(command, shell=line, cwd=str(tmp_path)).result

    assert time.monotonic() - begun < 3
    assert result["stdout"] == "x\n"
    (daemon,) = noted(tmp_path)
    os.kill(daemon, 9)


# Output


def test_only_the_end_of_much_output_is_kept(attempt: "Try", command: Workflow) -> None:
    script = "import sys; sys.stdout.write('x' * 10_000_000 + 'end'); sys.stderr.write('y' * 2_000)"

    result = attempt(command, argv=[sys.executable, "-c", script], max_output=1_000).result

    assert result["stdout"] == "x" * 997 + "end"
    assert result["stdoutDropped"] == 9_999_003
    assert (len(result["stderr"]), result["stderrDropped"]) == (1_000, 1_000)


def test_by_default_64_kib_are_kept(attempt: "Try", command: Workflow) -> None:
    result = attempt(command, argv=["head", "-c", "10000000", "/dev/zero"]).result

    assert (len(result["stdout"]), result["stdoutDropped"]) == (65_536, 10_000_000 - 65_536)


def test_output_that_is_no_utf8_is_replaced(attempt: "Try", command: Workflow) -> None:
    assert attempt(command, shell="printf 'a\\377b\\n'").result["stdout"] == "a\ufffdb\n"


def test_the_most_output_fits_into_a_result(attempt: "Try", command: Workflow) -> None:
    line = "head -c 200000 /dev/zero | tr '\\0' '\\377' | tee /dev/stderr"

    result = attempt(command, shell=line, max_output=150_000).result

    assert len(result["stdout"]) == len(result["stderr"]) == 150_000


def test_no_character_is_cut_in_two(attempt: "Try", command: Workflow) -> None:
    result = attempt(command, argv=["printf", "aäöü"], max_output=3).result

    assert (result["stdout"], result["stdoutDropped"]) == ("ü", 5)


# Parameters


@pytest.mark.parametrize(
    ("params", "name", "told"),
    [
        pytest.param({}, "argv", "exactly one of argv", id="nothing"),
        pytest.param({"argv": ["ls"], "shell": "ls"}, "argv", "exactly one of argv", id="both"),
        pytest.param({"argv": "ls -l"}, "argv", "valid list", id="text for argv"),
        pytest.param({"argv": []}, "argv", "at least 1", id="no program"),
        pytest.param({"argv": [""]}, "argv", "can't be empty", id="empty program"),
        pytest.param({"argv": ["echo", 1]}, "argv", "1: Input should be a valid string", id="item"),
        pytest.param({"argv": ["echo", "\0"]}, "argv", "NUL", id="NUL"),
        pytest.param({"shell": ["ls"]}, "shell", "valid string", id="list for shell"),
        pytest.param({"shell": ""}, "shell", "at least 1", id="empty line"),
        pytest.param({"env": {"A": 1}}, "env", "A: Input should be", id="number in env"),
        pytest.param({"env": {"A=B": ""}}, "env", "'A=B' can't be the name", id="name"),
        pytest.param(
            {"env": {"QUARTERJACK_EXECUTION_ID": ""}}, "env", "set by the server", id="our name"
        ),
        pytest.param({"timeout": "soon"}, "timeout", "is not a duration", id="timeout"),
        pytest.param({"timeout": 0}, "timeout", "longer than 0", id="no time"),
        pytest.param({"expect": 0}, "expect", "valid list", id="expect"),
        pytest.param({"expect": [256]}, "expect", "0 to 255", id="exit code"),
        pytest.param({"max_output": 0}, "max_output", "greater than or equal to 1", id="least"),
        pytest.param({"max_output": 10**6}, "max_output", "less than or equal", id="most"),
        pytest.param({"command": "ls"}, "command", "is no parameter of workflow", id="unknown"),
    ],
)
def test_wrong_parameters_are_told_before_a_run(
    command: Workflow, params: dict[str, Any], name: str, told: str
) -> None:
    given = {"argv": ["true"], **params} if "shell" not in params and params else params

    ((where, sentence),) = command.check_params(given)

    assert where == name
    assert told in sentence


def test_wrong_parameters_fail_the_step(attempt: "Try", command: Workflow) -> None:
    failure = attempt(command, argv=["ls"], timeout="soon").failure

    assert failure.type == "InvalidInput"
    assert failure.message.startswith("timeout: 'soon' is not a duration")
