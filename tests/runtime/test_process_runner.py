"""The process runner: warm workers, and a step that misbehaves costs nothing but its own worker."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from process_steps import steps
from waiting import eventually

from quarterjack.actors.runner import (
    AttemptKey,
    StepBegan,
    StepEmitted,
    StepEnd,
    StepProgressed,
    StepRaised,
    StepReport,
    StepReturned,
    StepSkipped,
    StepTask,
)
from quarterjack.runtime.runners import ProcessRunner
from quarterjack.storage import ExecutionId, Failure, ScheduleId, Trigger
from quarterjack.storage.instants import EPOCH
from quarterjack.storage.plain_data import pack, unpack


def new_runner(**options: Any) -> ProcessRunner:
    return ProcessRunner([steps], now=lambda: datetime.now(UTC), **{"processes": 2, **options})


def task(step: str, number: int = 1, *, run: str = "", **params: Any) -> StepTask:
    return StepTask(
        key=AttemptKey(ExecutionId("exe_1"), run or step, number),
        step=steps.steps[step],
        workflow_id=steps.id,
        schedule_id=ScheduleId("sch_1"),
        scheduled_time=EPOCH,
        trigger=Trigger.API,
        params=params,
        context={"who": "me"},
        results={"extra": pack("result")} if step == "tells_context" else {},
        failures={"other": Failure("ValueError", "it failed")},
    )


class Reports:
    """What a runner reports, and a way to wait for it."""

    def __init__(self, runner: ProcessRunner) -> None:
        self.runner = runner
        self.all: list[StepReport] = []

    def submit(self, given: StepTask) -> AttemptKey:
        self.runner.submit(given, self.all.append)
        return given.key

    def of(self, key: AttemptKey) -> list[StepReport]:
        return [report for report in self.all if report.key == key]

    def end(self, key: AttemptKey) -> StepReport:
        def has_ended() -> bool:
            ends = [report for report in self.of(key) if isinstance(report, StepEnd)]
            assert len(ends) <= 1
            return len(ends) == 1

        eventually(has_ended)
        return self.of(key)[-1]

    def run(self, step: str, number: int = 1, **params: Any) -> StepReport:
        return self.end(self.submit(task(step, number, **params)))

    def value(self, step: str, number: int = 1, **params: Any) -> Any:
        report = self.run(step, number, **params)
        assert isinstance(report, StepReturned), report
        return unpack(report.result)

    def failure(self, step: str, number: int = 1, **params: Any) -> Failure:
        report = self.run(step, number, **params)
        assert isinstance(report, StepRaised), report
        return report.failure


def lines(report: StepReport) -> list[tuple[str, str]]:
    assert isinstance(report, StepReturned | StepRaised)
    return [] if report.output is None else _lines(report.output)


def _lines(output: bytes) -> list[tuple[str, str]]:
    return [(stream, text) for _, stream, _, _, text in unpack(output)["lines"]]


def is_there(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] != b"Z"


def started(path: Path) -> list[int]:
    return [int(word) for word in eventually(lambda: path.exists() and path.read_text().split())]


@pytest.fixture(scope="module")
def shared() -> Iterator[ProcessRunner]:
    """One for all tests: a step that takes its worker down must leave it usable."""
    found = new_runner()
    found.start()
    yield found
    found.close()


@pytest.fixture
def reports(shared: ProcessRunner) -> Reports:
    return Reports(shared)


@pytest.fixture
def alone() -> Iterator[Reports]:
    """Of a runner with one worker."""
    found = new_runner(processes=1)
    found.start()
    yield Reports(found)
    found.close()


def test_a_step_runs_in_a_warm_process_of_its_own_group(reports: Reports) -> None:
    pid, group, imported_by = reports.value("pid")

    assert pid != os.getpid()
    assert group == pid
    assert imported_by == pid
    assert not reports.runner.in_flight(task("pid").key)


def test_an_attempt_reports_that_it_began_and_ended(reports: Reports) -> None:
    key = reports.submit(task("double", x=21))
    reports.end(key)

    assert reports.of(key) == [StepBegan(key), StepReturned(key, pack(42))]


def test_an_exception_is_the_end_of_the_attempt_only(reports: Reports) -> None:
    before = {reports.value("pid", number)[0] for number in range(5)}
    report = reports.run("raises")
    after = {reports.value("pid", number)[0] for number in range(5, 10)}

    assert isinstance(report, StepRaised)
    assert report.failure[:2] == ("ValueError", "no way")
    assert "in raises" in report.failure.traceback
    assert report.kinds == ("ValueError", "Exception", "BaseException")
    assert after <= before or before <= after


def test_a_result_that_is_no_plain_data_is_refused(reports: Reports) -> None:
    assert reports.failure("returns_an_object").type == "NotPlainData"


@pytest.mark.parametrize(
    ("step", "params", "told"),
    [
        pytest.param("exits", {"code": 1}, "ended with exit code 1", id="exit 1"),
        pytest.param("exits", {"code": 0}, "ended with exit code 0", id="exit 0"),
        pytest.param("segfaults", {}, "killed by signal 11 (SIGSEGV)", id="segfault"),
        pytest.param("kills_itself", {}, "killed by signal 9 (SIGKILL)", id="SIGKILL"),
    ],
)
def test_a_dead_worker_costs_only_its_step(
    reports: Reports, tmp_path: Path, step: str, params: dict[str, Any], told: str
) -> None:
    neighbour = reports.submit(task("waits_for", gate=str(tmp_path / "gate")))
    eventually(lambda: reports.of(neighbour))

    report = reports.run(step, **params)
    (tmp_path / "gate").touch()

    assert isinstance(report, StepRaised)
    assert report.failure.type == "WorkerDied"
    assert told in report.failure.message
    assert report.kinds == ("WorkerDied",)
    assert isinstance(reports.end(neighbour), StepReturned)
    assert reports.value("double", x=1) == 2


def test_what_was_said_before_a_crash_is_kept(reports: Reports) -> None:
    said = lines(reports.run("segfaults"))

    assert ("stdout", "last words") in said
    assert any("Segmentation fault" in text for stream, text in said if stream == "stderr")


def test_a_step_over_its_memory_limit_fails_and_says_so(reports: Reports) -> None:
    failure = reports.failure("leaks")

    assert failure.type == "MemoryError"
    assert "its limit of 200 MB" in failure.message
    assert reports.value("modest") == 10_000_000


@pytest.mark.parametrize("step", ["hangs", "spins", "ignores_sigterm", "holds_the_interpreter"])
def test_a_cancelled_step_is_gone_within_two_seconds(
    reports: Reports, tmp_path: Path, step: str
) -> None:
    key = reports.submit(task(step, started=str(tmp_path / "started")))
    (pid,) = started(tmp_path / "started")

    reports.runner.cancel(key)
    reports.runner.cancel(key)
    eventually(lambda: not is_there(pid), within=2)
    report = reports.end(key)

    assert isinstance(report, StepRaised)
    assert report.failure.type == "Cancelled"
    assert "Cancelled" in report.kinds


def test_a_cancelled_step_can_tidy_up(reports: Reports, tmp_path: Path) -> None:
    marks = tmp_path / "started", tmp_path / "tidied"
    key = reports.submit(task("tidies_up", started=str(marks[0]), tidied=str(marks[1])))
    started(marks[0])

    reports.runner.cancel(key)
    reports.end(key)

    assert marks[1].read_text() == "tidy"


def test_cancelling_hits_only_that_attempt(reports: Reports, tmp_path: Path) -> None:
    done = reports.submit(task("double", x=1))
    reports.end(done)
    running = reports.submit(task("waits_for", gate=str(tmp_path / "gate")))
    eventually(lambda: reports.of(running))

    reports.runner.cancel(done)
    reports.runner.cancel(task("double", 99).key)
    (tmp_path / "gate").touch()

    assert isinstance(reports.end(running), StepReturned)


def test_what_is_cancelled_before_it_begins_never_does(reports: Reports, tmp_path: Path) -> None:
    for number in range(2):
        reports.submit(task("waits_for", number, gate=str(tmp_path / "gate")))
    key = reports.submit(task("prints_a_line", 7))

    reports.runner.cancel(key)
    report = reports.end(key)
    (tmp_path / "gate").touch()

    assert isinstance(report, StepRaised)
    assert report.failure == Failure("Cancelled", "it was cancelled before it began")
    assert reports.of(key) == [report]
    assert not reports.runner.in_flight(key)


def test_children_end_with_their_step(reports: Reports) -> None:
    pids = reports.value("leaves_children")

    assert [pid for pid in pids if is_there(pid)] == []


def test_children_end_with_a_cancelled_step(reports: Reports, tmp_path: Path) -> None:
    key = reports.submit(task("hangs_with_a_child", started=str(tmp_path / "started")))
    pids = eventually(lambda: len(found := started(tmp_path / "started")) == 2 and found)

    reports.runner.cancel(key)

    eventually(lambda: not any(is_there(pid) for pid in pids), within=2)


def test_output_and_log_are_kept_and_readable_meanwhile(reports: Reports, tmp_path: Path) -> None:
    expected = {
        ("stdout", "to stdout"),
        ("stderr", "to stderr"),
        ("stdout", "from a child"),
        ("log", "to the log\nin two lines"),
    }
    key = reports.submit(task("speaks", gate=str(tmp_path / "gate")))

    eventually(lambda: set(_lines(reports.runner.output(key) or pack({"lines": []}))) == expected)
    (tmp_path / "gate").touch()
    report = reports.end(key)

    assert set(lines(report)) == {*expected, ("stdout", "no line's end")}
    assert isinstance(report, StepReturned)
    assert report.output is not None
    (record,) = [line for line in unpack(report.output)["lines"] if line[1] == "log"]
    assert record[2:4] == ["INFO", "my.lib"]
    assert reports.runner.output(key) is None


def test_a_flood_of_output_leaves_its_end(reports: Reports) -> None:
    report = reports.run("prints", megabytes=100)

    assert lines(report)[-1] == ("stdout", "the end")
    assert isinstance(report, StepReturned)
    assert report.output is not None
    assert len(report.output) < 200_000


def test_output_that_is_no_text_is_replaced(reports: Reports) -> None:
    assert lines(reports.run("writes_no_text")) == [
        ("stdout", "\ufffd\ufffd caf\ufffd"),
        ("stdout", "\\udc80 lone"),
    ]


def test_a_step_that_closes_its_output_does_not_close_the_next_ones(reports: Reports) -> None:
    for number in range(4):
        assert reports.value("closes_everything", number) is None

    for number in range(4):
        assert lines(reports.run("prints_a_line", number)) == [("stdout", "a line")]


def test_a_step_finds_its_surroundings_put_back(reports: Reports) -> None:
    before = reports.value("surroundings", 0)
    for number in range(4):
        reports.value("vandal", number)

    for number in range(2, 6):
        report = reports.run("surroundings", number)
        assert isinstance(report, StepReturned)
        assert unpack(report.result) == before == [str(Path.cwd()), None, before[2], True, False]
        assert lines(report) == [("log", "heard")]


def test_events_are_told_in_order_before_the_end(reports: Reports) -> None:
    key = reports.submit(task("sends", count=20, size=900_000 // 20))
    again = reports.submit(task("sends", 2, count=20, size=900_000 // 20))

    ends = [reports.end(each) for each in (key, again)]
    first, second = (
        [each.emission for each in reports.of(one) if isinstance(each, StepEmitted)]
        for one in (key, again)
    )

    assert all(isinstance(end, StepReturned) for end in ends)
    assert [each.name for each in first] == ["number"] * 20
    assert [unpack(each.payload)[0] for each in first] == list(range(20))
    assert {each.key for each in first} == {"k"}
    assert first == second  # another attempt sends the same under the same marks
    assert len({each.mark for each in first}) == 20


def test_events_of_a_worker_that_dies_are_told(reports: Reports) -> None:
    key = reports.submit(task("sends_and_exits"))

    end = reports.end(key)

    sent = [each.emission for each in reports.of(key) if isinstance(each, StepEmitted)]
    assert isinstance(end, StepRaised)
    assert [unpack(each.payload) for each in sent] == [1, 1]
    assert sent[0].mark != sent[1].mark


def test_progress_is_told_at_a_limited_rate_and_to_the_end(reports: Reports) -> None:
    key = reports.submit(task("progresses"))
    reports.end(key)

    told = [report.progress for report in reports.of(key) if isinstance(report, StepProgressed)]
    assert told[0] == (0, 100_000, "")
    assert told[-1] == (100_000, 100_000, "done")
    assert len(told) < 1_000


def test_a_step_gets_its_context_parameters_and_results(reports: Reports) -> None:
    key = reports.submit(task("tells_context", 3, run="tells_context[5]", region="eu"))
    report = reports.end(key)

    assert isinstance(report, StepReturned)
    assert unpack(report.result) == [
        "exe_1",
        "sch_1",
        "process-steps",
        "tells_context",
        3,
        "1970-01-01T00:00:00+00:00",
        "api",
        {"region": "eu"},
        {"who": "me"},
        5,
        ["it failed"],
        "result",
    ]


def test_a_step_whose_condition_is_false_is_skipped(reports: Reports) -> None:
    assert isinstance(reports.run("conditional", x=1), StepSkipped)
    assert reports.value("conditional", 2, x=11) == 11


def test_many_attempts_from_several_threads_all_end_once(reports: Reports) -> None:
    def submit(first: int) -> None:
        for number in range(first, first + 250):
            reports.submit(task("double", number, x=number))

    threads = [threading.Thread(target=submit, args=(first,)) for first in range(0, 1_000, 250)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ends = eventually(
        lambda: (
            len(found := [each for each in reports.all if isinstance(each, StepEnd)]) == 1_000
            and found
        )
    )
    got = {each.key.number: unpack(each.result) for each in ends if isinstance(each, StepReturned)}
    assert got == {number: number * 2 for number in range(1_000)}


def test_attempts_begin_in_the_order_they_came(alone: Reports) -> None:
    for number in range(50):
        alone.submit(task("pid", number))
    eventually(lambda: len(alone.all) == 100)

    assert [each.key.number for each in alone.all if isinstance(each, StepBegan)] == [*range(50)]


def test_a_worker_is_replaced_after_so_many_steps() -> None:
    runner = new_runner(processes=1, tasks_per_process=2)
    runner.start()
    reports = Reports(runner)

    pids = [reports.value("pid", number)[0] for number in range(4)]
    runner.close()

    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_a_large_parameter_and_a_large_result_pass(reports: Reports) -> None:
    text = "x" * 900_000
    key = reports.submit(replace(task("tells_context"), context={"a": text}))
    report = reports.end(key)

    assert isinstance(report, StepReturned)
    assert unpack(report.result)[8] == {"a": text}


@pytest.mark.parametrize(("limit", "fits"), [(500_000, False), (3_000_000, True)])
def test_a_result_takes_as_much_as_the_server_says(
    reports: Reports, limit: int, *, fits: bool
) -> None:
    given = replace(task("text", length=2_000_000), result_limit=limit)
    report = reports.end(reports.submit(given))

    assert isinstance(report, StepReturned) is fits
    assert fits or "over the limit of 500,000" in str(report)


def test_closing_ends_the_workers_also_those_that_run_a_step(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    runner = new_runner()
    runner.start()
    reports = Reports(runner)
    idle = reports.value("pid")[0]
    key = reports.submit(task("ignores_sigterm", started=str(tmp_path / "started")))
    (busy,) = started(tmp_path / "started")

    runner.close()
    runner.close()

    assert not is_there(idle)
    assert not is_there(busy)
    assert not runner.in_flight(key)
    eventually(lambda: set(threading.enumerate()) <= before)


def test_a_parameter_that_can_t_be_sent_fails_the_attempt(reports: Reports) -> None:
    assert reports.failure("double", x=object()).type == "TypeError"


def test_an_idle_worker_that_is_killed_is_replaced(alone: Reports) -> None:
    before = alone.value("pid", 1)[0]

    os.kill(before, signal.SIGKILL)
    after = alone.value("pid", 2)[0]

    assert after != before


def test_an_attempt_that_had_not_begun_is_given_to_another_worker(alone: Reports) -> None:
    pid = alone.value("pid", 1)[0]

    os.kill(pid, signal.SIGSTOP)
    key = alone.submit(task("pid", 2))
    os.kill(pid, signal.SIGKILL)
    report = alone.end(key)

    assert isinstance(report, StepReturned)
    assert unpack(report.result)[0] != pid


def test_a_stopped_worker_is_killed_when_its_step_is_cancelled(
    alone: Reports, tmp_path: Path
) -> None:
    key = alone.submit(task("hangs", started=str(tmp_path / "started")))
    (pid,) = started(tmp_path / "started")
    os.kill(pid, signal.SIGSTOP)

    alone.runner.cancel(key)
    eventually(lambda: not is_there(pid), within=2)

    report = alone.end(key)
    assert isinstance(report, StepRaised)
    assert report.failure.type == "Cancelled"
    assert alone.value("double", x=1) == 2
