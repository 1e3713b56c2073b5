"""Service watch: a service that falls ill is repaired, by a program of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web
from waiting import eventually
from web_server import WebServer

from quarterjack.examples.service_watch import (
    CHECK,
    REPAIR,
    ServiceWatch,
    main,
    schedules,
    settings_for,
)
from quarterjack.runtime import Runtime

_SECONDS = 20


@pytest.fixture
def service(tmp_path: Path) -> Iterator[WebServer]:
    """Well as long as the file `ill` is not there."""

    async def health(_: web.Request) -> web.Response:
        ill = (tmp_path / "ill").exists()
        return web.Response(status=503 if ill else 200, text="ill" if ill else "well")

    with WebServer() as server:
        server.handlers["/healthz"] = health
        yield server


@contextmanager
def program(tmp_path: Path, *arguments: str) -> Iterator[Path]:
    """The program, while it runs; the file with what it prints."""
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "quarterjack.examples.service_watch", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield output
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(_SECONDS)
    assert code == 0, output.read_text()


def test_the_program_repairs_a_service_that_falls_ill(tmp_path: Path, service: WebServer) -> None:
    url = f"{service.url}/healthz"
    repair = ("--", "sh", "-c", "rm ill && echo done >> repairs")
    with program(tmp_path, url, "--every", "1s", *repair) as output:
        eventually(lambda: len(service.asked) >= 2)
        well = output.read_text()
        (tmp_path / "ill").touch()
        eventually(lambda: "it was repaired" in output.read_text())
        asked = len(service.asked)
        eventually(lambda: len(service.asked) >= asked + 2)
        repaired = output.read_text()

    assert well == f"Watching {url}; Ctrl-C ends it.\n"
    assert "the service is not well: HttpStatusError: got 503, expected 2xx: ill" in repaired
    assert (tmp_path / "repairs").read_text() == "done\n"
    with Runtime(f"sqlite:///{tmp_path / 'service-watch.db'}", settings=settings_for(url)) as kept:
        totals = kept.get_schedule(CHECK).get(timeout=10).totals
        runs = kept.get_schedule_workflow_status(REPAIR).get(timeout=10).history
    assert totals.failed == repaired.count("not well") >= 1
    assert totals.succeeded >= 4
    assert runs[-1].context["failedCheck"].startswith("exe_")


def test_a_service_that_stays_ill_is_repaired_once_at_a_time(
    tmp_path: Path, service: WebServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ill").touch()
    url = f"{service.url}/healthz"
    slow = ["sh", "-c", "until [ -e go ]; do sleep 0.05; done; exit 3"]
    with Runtime(settings=settings_for(url)) as runtime:
        ServiceWatch(runtime, url, ["env", "-C", str(tmp_path), *slow], "1h").begin()
        for _ in range(2):
            key = runtime.trigger_scheduled_execution(CHECK).get(timeout=10)
            runtime.wait_for(key).get(timeout=_SECONDS)
        eventually(lambda: "its repair is still under way" in capsys.readouterr().out)
        (tmp_path / "go").touch()
        eventually(lambda: "its repair failed: CommandFailed" in capsys.readouterr().out)
        repairs = runtime.get_schedule(REPAIR).get(timeout=10).totals

    assert (repairs.executions, repairs.failed) == (1, 1)


def test_one_failed_answer_among_good_ones_is_not_yet_a_failure(
    tmp_path: Path, service: WebServer
) -> None:
    answers = iter([503, 503, 200])

    async def health(_: web.Request) -> web.Response:
        return web.Response(status=next(answers, 200))

    service.handlers["/healthz"] = health
    url = f"{service.url}/healthz"
    with Runtime(settings=settings_for(url)) as runtime:
        ServiceWatch(runtime, url, ["false"], "1h").begin()
        key = runtime.trigger_scheduled_execution(CHECK).get(timeout=10)
        ended = runtime.wait_for(key).get(timeout=_SECONDS)
        repairs = runtime.get_schedule(REPAIR).get(timeout=10).totals.executions

    assert ended.status == "succeeded"
    assert len(service.asked) == 3
    assert repairs == 0


def test_a_second_start_changes_the_schedules_of_the_first(
    tmp_path: Path, service: WebServer
) -> None:
    database, url = f"sqlite:///{tmp_path / 'q.db'}", f"{service.url}/healthz"
    for command in (["true"], ["echo", "again"]):
        with Runtime(database, settings=settings_for(url)) as runtime:
            ServiceWatch(runtime, url, command, "1h").begin()
            repair = runtime.get_schedule(REPAIR).get(timeout=10)

    assert repair.execution_config.params["argv"] == ["echo", "again"]
    assert repair.version == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense", "true"], "url"),
        (["http://127.0.0.1:1/x", "--every", "often", "true"], "interval"),
        (["http://127.0.0.1:1/x", "--every", "10ms", "true"], "at least one second"),
        (["http://127.0.0.1:1/x"], "command"),
    ],
)
def test_wrong_arguments_are_told_in_a_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with pytest.raises(SystemExit) as ended:
            main(["--database", f"sqlite:///{tmp_path / 'q.db'}", *arguments])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_drafts_name_both_built_ins() -> None:
    found = schedules("http://127.0.0.1:8000/", ["true"], "30s")

    assert [draft["workflowId"] for draft in found.values()] == [
        "quarterjack.command",
        "quarterjack.http",
    ]
