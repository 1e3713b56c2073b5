"""A runtime's figures: real numbers after real work, of each runtime alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from scrape import Scrape
from waiting import eventually

from quarterjack.runtime import Runtime, Settings, Workflow
from quarterjack.runtime.metric_table import RUNTIME_METRICS

SECOND = {"interval": 1}


def figures(runtime: Runtime) -> Scrape:
    registry = CollectorRegistry()
    registry.register(runtime.collector())
    return Scrape(generate_latest(registry).decode())


def a_schedule(runtime: Runtime, **config: object) -> str:
    draft = {"workflowId": "report", "name": "test", "scheduleConfig": config}
    return runtime.create_scheduled_workflow(draft).get()


@contextmanager
def started(*workflows: Workflow, database: str = "sqlite://", **more: object) -> Iterator[Runtime]:
    settings = Settings.of(**more)
    with Runtime(database, workflows=workflows, settings=settings) as runtime:
        yield runtime


def test_what_was_done_is_counted(report: Workflow, broken: Workflow) -> None:
    with started(report, broken) as runtime:
        for name in ("report", "report", "broken"):
            runtime.wait_for(runtime.run(name).get()).get(timeout=20)
        found = figures(runtime)

    ended = "quarterjack_executions_total"
    assert found.value(ended, workflow="report", status="succeeded") == 2
    assert found.value(ended, workflow="broken", status="failed") == 1
    assert found.value("quarterjack_executions_started_total", workflow="report") == 2
    durations = "quarterjack_execution_duration_seconds"
    assert found.value(f"{durations}_count", workflow="report") == 2
    assert found.value(f"{durations}_bucket", workflow="report", le="+Inf") == 2
    attempts = "quarterjack_step_attempts_total"
    assert found.value(attempts, workflow="report", outcome="completed") == 6
    assert found.value(attempts, workflow="broken", outcome="failed") == 1
    commits = found.value("quarterjack_commit_seconds_count")
    assert commits is not None
    assert commits >= 6
    assert (found.value("quarterjack_commit_seconds_sum") or 0) > 0


def test_due_executions_say_how_late_they_start(report: Workflow) -> None:
    with started(report) as runtime:
        a_schedule(runtime, **SECOND)
        runtime.wait_for(runtime.run("report").get()).get(timeout=20)

        def fired() -> Scrape | None:
            found = figures(runtime)
            count = found.value("quarterjack_start_delay_seconds_count")
            triggers = found.value("quarterjack_triggers_total", trigger="interval")
            return found if count and triggers == count else None

        found = eventually(fired)

    assert (found.value("quarterjack_start_delay_seconds_sum") or 0) > 0
    assert found.value("quarterjack_schedules", status="active") == 1
    assert found.value("quarterjack_schedules", status="paused") == 0


def test_skipped_fires_are_counted_by_reason(report: Workflow) -> None:
    gate, held = threading.Event(), Workflow("held")

    @held.step
    def hold() -> None:
        gate.wait(20)

    with started(held) as runtime:
        draft = {"workflowId": "held", "name": "test", "scheduleConfig": SECOND}
        runtime.create_scheduled_workflow(draft).get()
        skipped = "quarterjack_fires_skipped_total"
        eventually(lambda: figures(runtime).value(skipped, reason="overlap"))
        gate.set()


def test_what_waits_and_runs_is_seen(report: Workflow) -> None:
    gate, held = threading.Event(), Workflow("held")

    @held.step
    def hold() -> None:
        gate.wait(20)

    waits = Workflow("waits")
    waits.wait_for_event("approved")

    with started(held, waits, concurrency=1) as runtime:
        runtime.run("waits").get()
        eventually(lambda: figures(runtime).value("quarterjack_executions_parked") == 1)
        keys = [runtime.run("held").get() for _ in range(3)]
        found = eventually(
            lambda: (
                found
                if (found := figures(runtime)).value("quarterjack_queue_length") == 2
                else None
            )
        )
        assert found.value("quarterjack_executions_running") == 1
        assert found.value("quarterjack_actors", kind="execution") == 1
        gate.set()
        for key in keys:
            runtime.wait_for(key).get(timeout=20)
        eventually(lambda: figures(runtime).value("quarterjack_executions_running") == 0)


def test_a_restarted_actor_is_counted_by_its_kind(report: Workflow) -> None:
    with started(report) as runtime:
        restarts = "quarterjack_actor_restarts_total"
        assert figures(runtime).value(restarts, kind="ticker") == 0
        assembly = runtime._running()
        ticker = assembly.cast.ticker
        assembly.clock.call_later(0, lambda: ticker.cell.fail(RuntimeError("for a test")))

        eventually(lambda: figures(runtime).value(restarts, kind="ticker") == 1)


def test_the_kinds_of_actors_are_few_however_many_there_are(report: Workflow) -> None:
    with started(report) as runtime:
        for _ in range(30):
            a_schedule(runtime, manual=True)
        found = figures(runtime)

    assert found.value("quarterjack_actors", kind="schedule") == 30
    assert len(found.labels("quarterjack_mailbox_messages", "kind")) <= 10


def test_the_sizes_are_those_of_the_files(tmp_path: Path, report: Workflow) -> None:
    file = tmp_path / "q.db"
    with started(report, database=f"sqlite:///{file}") as runtime:
        runtime.wait_for(runtime.run("report").get()).get(timeout=20)
        found = figures(runtime)
        wal = file.with_name("q.db-wal").stat().st_size

        assert found.value("quarterjack_database_bytes") == file.stat().st_size
        assert found.value("quarterjack_wal_bytes") == wal > 0


def test_two_runtimes_in_a_process_count_apart(report: Workflow, broken: Workflow) -> None:
    with started(report) as one, started(broken) as two:
        one.wait_for(one.run("report").get()).get(timeout=20)
        two.wait_for(two.run("broken").get()).get(timeout=20)

        ended = "quarterjack_executions_total"
        assert figures(one).labels(ended, "workflow") == {"report"}
        assert figures(two).labels(ended, "workflow") == {"broken"}


def test_counters_outlive_a_stop_and_a_start(report: Workflow) -> None:
    runtime = Runtime(workflows=[report])
    for expected in (1, 2):
        with runtime:
            runtime.wait_for(runtime.run("report").get()).get(timeout=20)
            found = figures(runtime)
            labels = {"workflow": "report", "status": "succeeded"}
            assert found.value("quarterjack_executions_total", **labels) == expected


def test_a_runtime_that_is_not_started_has_every_metric(report: Workflow) -> None:
    found = figures(Runtime(workflows=[report]))

    named = {name.removesuffix("_info") for name in RUNTIME_METRICS}
    assert {name.removesuffix("_info") for name in found.names()} == named
    assert found.value("quarterjack_executions_running") == 0
    assert found.value("quarterjack_schedules", status="active") is None


@pytest.mark.parametrize("name", RUNTIME_METRICS)
def test_names_follow_prometheus(name: str) -> None:
    kind = RUNTIME_METRICS[name].kind.__name__

    assert name.startswith("quarterjack_")
    assert name.endswith("_total") == kind.startswith("Counter")
    if kind.startswith("Histogram"):
        assert name.endswith("_seconds")
