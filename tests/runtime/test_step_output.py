"""What steps print and log is kept with their attempts, whatever runs them."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from gate import Gate
from waiting import eventually

from quarterjack.runtime import (
    AttemptLog,
    NotFound,
    Retry,
    Runtime,
    Settings,
    StepContext,
    Workflow,
)
from quarterjack.runtime.testing import VirtualRuntime


def _lines(logs: list[AttemptLog]) -> list[list[tuple[str, str]]]:
    return [[(line.stream, line.text) for line in each.lines] for each in logs]


def _talkative(is_async: bool) -> Workflow:
    flow = Workflow("flow")

    def say(ctx: StepContext) -> None:
        print("to stdout", ctx.attempt)
        print("to stderr", file=sys.stderr)
        ctx.logger.info("a record of %d", ctx.attempt)
        logging.getLogger("elsewhere").warning("from a library")
        if ctx.attempt == 1:
            raise ConnectionError("not yet")

    async def say_async(ctx: StepContext) -> None:
        say(ctx)

    flow.step(name="say", retry=Retry(attempts=2, backoff="1s"))(say_async if is_async else say)
    return flow


def _said(attempt: int) -> list[tuple[str, str]]:
    return [
        ("stdout", f"to stdout {attempt}"),
        ("stderr", "to stderr"),
        ("log", f"a record of {attempt}"),
        ("log", "from a library"),
    ]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("make", [VirtualRuntime, Runtime])
def test_each_attempt_keeps_what_it_wrote(
    make: Callable[..., Any], is_async: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with make(workflows=[_talkative(is_async)]) as runtime:
        key = runtime.run("flow").get(timeout=20)
        runtime.wait_for(key).get(timeout=20)
        logs = runtime.get_step_logs(key, "say").get(timeout=20)

    assert _lines(logs) == [_said(1), _said(2)]
    assert [(each.number, each.running, each.dropped) for each in logs] == [
        (1, False, 0),
        (2, False, 0),
    ]
    record = logs[0].lines[2]
    assert (record.level, record.logger) == ("INFO", "quarterjack.step.flow.say")
    told = capsys.readouterr()
    assert "to stdout 1\nto stdout 2" in told.out, "it goes where it went before, too"
    assert "to stderr" in told.err


def test_steps_side_by_side_do_not_hear_each_other() -> None:
    flow, barrier = Workflow("flow"), threading.Barrier(4)

    @flow.step(map={"number": "numbers"})
    def say(number: int) -> None:
        for line in range(20):
            barrier.wait(timeout=10)
            print(number, line)

    @flow.step(map={"number": "numbers"}, after=("say",))
    async def whisper(number: int) -> None:
        for line in range(20):
            print(number, line)
            await asyncio.sleep(0)

    with Runtime(workflows=[flow], settings=Settings.of(threads=4)) as runtime:
        key = runtime.run("flow", params={"numbers": [0, 1, 2, 3]}).get()
        assert runtime.wait_for(key).get(timeout=30).status == "succeeded"
        for step in ("say", "whisper"):
            for number in range(4):
                (log,) = runtime.get_step_logs(key, f"{step}[{number}]").get()
                assert [line.text for line in log.lines] == [f"{number} {n}" for n in range(20)]


def test_a_running_attempt_can_be_read() -> None:
    flow, gate = Workflow("flow"), Gate()

    @flow.step
    def work() -> None:
        print("begun")
        gate.wait()
        print("done")

    with Runtime(workflows=[flow]) as runtime:
        key = runtime.run("flow").get()
        eventually(lambda: any(_lines(runtime.get_step_logs(key, "work").get())))
        (running,) = runtime.get_step_logs(key, "work").get()
        gate.open()
        runtime.wait_for(key).get(timeout=10)
        (ended,) = runtime.get_step_logs(key, "work").get()

    assert (running.running, _lines([running])) == (True, [[("stdout", "begun")]])
    assert (ended.running, _lines([ended])) == (
        False,
        [[("stdout", "begun"), ("stdout", "done")]],
    )


def test_a_flood_is_bounded_and_its_end_is_kept() -> None:
    flow = Workflow("flow")

    @flow.step
    def flood() -> None:
        line = "x" * 999
        for _ in range(20_000):
            print(line)
        print("the end")

    with VirtualRuntime(workflows=[flow]) as runtime:
        key = runtime.run("flow").get()
        runtime.wait_for(key).get()
        (log,) = runtime.get_step_logs(key, "flood").get()

    assert log.lines[-1].text == "the end"
    assert sum(len(line.text) + 1 for line in log.lines) <= 65_536
    assert log.dropped + sum(len(line.text) + 1 for line in log.lines) == 20_000_008


def test_the_program_s_own_streams_come_back() -> None:
    before = (sys.stdout, sys.stderr, list(logging.getLogger().handlers))
    with Runtime() as one:
        with Runtime():
            assert sys.stdout is not before[0]
        assert sys.stdout is not before[0], "one still wants it"
        assert one.readiness().ready
    assert (sys.stdout, sys.stderr, list(logging.getLogger().handlers)) == before


def test_streams_that_somebody_else_replaced_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stdout
    with Runtime():
        theirs = sys.__stdout__
        monkeypatch.setattr(sys, "stdout", theirs)
    assert sys.stdout is theirs
    monkeypatch.undo()
    sys.stdout = before


def test_steps_that_nobody_knows_have_no_logs() -> None:
    with VirtualRuntime(workflows=[_talkative(False)]) as runtime:
        key = runtime.run("flow").get()
        with pytest.raises(NotFound, match="shout"):
            runtime.get_step_logs(key, "shout").get()
        with pytest.raises(NotFound, match="exe_none"):
            runtime.get_step_logs("exe_none", "say").get()
