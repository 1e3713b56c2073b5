"""Secrets on their way: given, stored, handed to a step, and nowhere to be read."""

import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import secret_steps
from secret_steps import PLAIN, VARIABLE

from quarterjack.runtime import (
    Execution,
    ExecutionDetail,
    ExecutionStatus,
    InvalidInput,
    Runtime,
    Settings,
)
from quarterjack.runtime.vault.keyring import make_key_file, rotate_key_file

SECONDS = 30
MANUAL = {"manual": True}
HOURLY = {"cron": "0 * * * *"}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    found = tmp_path / "key"
    make_key_file(found)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "secrets"
    found.mkdir()
    (found / "smtp").write_text(PLAIN + "\n", encoding="utf-8")
    return found


@pytest.fixture
def made(tmp_path: Path, key_file: Path, folder: Path) -> Callable[..., Runtime]:
    """Makes a runtime on the test's database."""

    def make(**settings: Any) -> Runtime:
        given = {"secret_key_file": str(key_file), "secret_dirs": [str(folder)], **settings}
        database = f"sqlite:///{tmp_path / 'q.db'}"
        return Runtime(database, workflows=secret_steps.ALL, settings=Settings.of(**given))

    return make


@pytest.fixture(params=["thread", "inline", "process"])
def runtime(request: pytest.FixtureRequest, made: Callable[..., Runtime]) -> Iterator[Runtime]:
    with made(runner=request.param, processes=1) as started:
        yield started


@pytest.fixture
def threaded(made: Callable[..., Runtime]) -> Iterator[Runtime]:
    with made(runner="thread") as started:
        yield started


@pytest.fixture
def database(tmp_path: Path) -> Callable[[], bytes]:
    """All bytes of the database and its log."""
    return lambda: b"".join(path.read_bytes() for path in tmp_path.glob("q.db*"))


def ended(runtime: Runtime, workflow: str, **params: Any) -> ExecutionDetail:
    """A run with these parameters, when it has ended."""
    key = runtime.run(workflow, params=params).get(timeout=SECONDS)
    runtime.wait_for(key).get(timeout=SECONDS)
    return runtime.get_execution(key).get(timeout=SECONDS)


def results(found: ExecutionDetail) -> dict[str, Any]:
    assert found.execution.status is ExecutionStatus.SUCCEEDED, found.execution.error
    return {step.name: step.result for step in found.steps}


# A step gets it, and nothing else does


def test_nothing_that_a_step_does_with_its_secret_is_kept(
    runtime: Runtime,
    database: Callable[[], bytes],
    capfd: pytest.CaptureFixture[str],
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        found = ended(runtime, "leaky", password=PLAIN)
    finally:
        logging.getLogger().removeHandler(handler)

    logs = [
        runtime.get_step_logs(found.execution.id, step).get(timeout=SECONDS)
        for step in ("leak", "fail")
    ]
    events = runtime.events(0).get(timeout=SECONDS)
    everything = repr([found, logs, events, *capfd.readouterr(), stream.getvalue()])
    assert "stdout *** ***" in everything
    assert "in pieces: ***" in everything
    assert "as ***" in everything
    assert "raised ***" in everything
    assert found.execution.error is not None
    assert found.execution.error.message == "no access with ***"
    assert "KeyError: '***'" in found.execution.error.traceback
    assert found.steps[0].result == {"text": "***", "***": len(PLAIN), "params": "***"}
    assert found.steps[0].progress is not None
    assert found.steps[0].progress.note == "at ***"
    assert found.execution.params == {"password": "***"}
    assert PLAIN not in everything
    assert b"no access with ***" in database()
    assert PLAIN.encode() not in database()


@pytest.mark.parametrize("given", ["plain", "env", "file"])
def test_a_value_and_a_reference_reach_the_step(
    runtime: Runtime, folder: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(VARIABLE, PLAIN)
    reference = {"env": {"env": VARIABLE}, "file": {"file": str(folder / "smtp")}}.get(given, PLAIN)

    found = ended(runtime, "careful", password=reference)

    length, shown, params, _ = results(found)["use"]
    assert (length, shown) == (len(PLAIN), "***")
    assert params == "{'password': Secret('***')}"
    assert found.execution.params == {"password": reference if given != "plain" else "***"}


def test_a_step_sees_no_secret_that_it_does_not_take(threaded: Runtime) -> None:
    found = ended(threaded, "careful", password=PLAIN, unused={"env": VARIABLE})

    assert found.execution.status is ExecutionStatus.FAILED, "the variable is not set"
    assert found.execution.error is not None
    assert found.execution.error.type == "SecretUnavailable"
    assert "'unused'" in found.execution.error.message
    use = next(step for step in found.steps if step.name == "use")
    assert use.result[2].startswith("{'password': Secret('***'), 'unused': {'env'")


def test_workers_do_not_inherit_secrets(
    made: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, PLAIN)
    with made(runner="process", processes=1) as runtime:
        found = ended(runtime, "careful", password={"env": VARIABLE})

    assert results(found)["use"] == [len(PLAIN), "***", "{'password': Secret('***')}", None]


# When it is not there


@pytest.mark.parametrize("kind", ["env", "file"])
def test_a_missing_secret_fails_its_step_and_names_the_reference(
    runtime: Runtime, folder: Path, kind: str
) -> None:
    reference = {"env": VARIABLE} if kind == "env" else {"file": str(folder / "gone")}

    found = ended(runtime, "retried", password=reference)

    assert found.execution.status is ExecutionStatus.FAILED
    assert found.execution.error is not None
    assert found.execution.error.type == "SecretUnavailable"
    assert found.execution.error.message.startswith("the secret 'password': the ")
    assert next(iter(reference.values())) in found.execution.error.message
    assert len(found.steps[0].attempts) == 3, "as its retry policy says"


def test_a_secret_that_appears_meanwhile_is_found_by_the_next_attempt(
    threaded: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = ended(threaded, "careful", password={"env": VARIABLE})
    monkeypatch.setenv(VARIABLE, PLAIN)

    key = threaded.retry_execution(failed.execution.id).get(timeout=SECONDS)

    again = threaded.wait_for(key).get(timeout=SECONDS)
    assert again.status is ExecutionStatus.SUCCEEDED
    assert again.params == {"password": {"env": VARIABLE}}


def test_a_lost_key_fails_the_step_and_a_rotated_one_does_not(
    made: Callable[..., Runtime], key_file: Path
) -> None:
    with made() as runtime:
        schedule = make(runtime, "careful", MANUAL, password=PLAIN)
    rotate_key_file(key_file)
    with made() as runtime:
        assert triggered(runtime, schedule).status is ExecutionStatus.SUCCEEDED
    key_file.unlink()
    make_key_file(key_file)
    with made() as runtime:
        lost = triggered(runtime, schedule)
    with made(secret_key_file=None) as runtime:
        without = triggered(runtime, schedule)

    assert lost.error is not None
    assert "not in the server's key file" in lost.error.message
    assert without.error is not None
    assert "without a key file" in without.error.message


# Ways that parameters go


def test_retried_attempts_and_retried_executions_have_it(runtime: Runtime) -> None:
    found = ended(runtime, "retried", password=PLAIN)

    assert results(found) == {"third": len(PLAIN)}
    errors = [attempt.error.message for attempt in found.steps[0].attempts if attempt.error]
    assert errors == ["attempt 1 with ***", "attempt 2 with ***"]

    failed = ended(runtime, "leaky", password=PLAIN)
    key = runtime.retry_execution(failed.execution.id).get(timeout=SECONDS)
    again = runtime.wait_for(key).get(timeout=SECONDS)
    assert again.error is not None
    assert again.error.message == "no access with ***"


def test_a_sub_workflow_and_mapped_steps_have_it(
    runtime: Runtime, database: Callable[[], bytes]
) -> None:
    use = results(ended(runtime, "parent", mail_password=PLAIN))["careful"]["use"]
    assert use[:2] == [len(PLAIN), "***"]

    found = ended(runtime, "mapped", items=[1, 2], password=PLAIN)
    assert results(found)["each"] == [f"1 {len(PLAIN)}", f"2 {len(PLAIN)}"]
    assert PLAIN.encode() not in database()


def make(runtime: Runtime, workflow: str, config: dict[str, Any], **params: Any) -> str:
    """A schedule with these parameters."""
    draft = {
        "workflowId": workflow,
        "name": "test",
        "scheduleConfig": config,
        "executionConfig": {"params": params},
    }
    return runtime.create_scheduled_workflow(draft).get(timeout=SECONDS)


def triggered(runtime: Runtime, schedule: str, **more: Any) -> Execution:
    key = runtime.trigger_scheduled_execution(schedule, **more).get(timeout=SECONDS)
    return runtime.wait_for(key).get(timeout=SECONDS)


def test_a_schedule_its_triggers_and_its_backfills_have_it(
    threaded: Runtime, database: Callable[[], bytes]
) -> None:
    schedule = make(threaded, "careful", HOURLY, password=PLAIN)

    assert triggered(threaded, schedule).status is ExecutionStatus.SUCCEEDED
    other = triggered(threaded, schedule, params={"password": "another " + PLAIN})
    assert other.status is ExecutionStatus.SUCCEEDED
    assert other.params == {"password": "***"}
    kept = triggered(threaded, schedule, params=other.params)
    assert kept.status is ExecutionStatus.SUCCEEDED
    asked = {
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T02:00:00Z",
        "params": {"password": "third " + PLAIN},
    }
    backfill = threaded.backfill_schedule(schedule, asked).get(timeout=SECONDS)
    ends = [threaded.wait_for(key).get(timeout=SECONDS) for key in backfill.execution_ids]
    assert [each.status for each in ends] == [ExecutionStatus.SUCCEEDED] * 2
    lengths = [
        threaded.get_execution(each.id).get(timeout=SECONDS).steps[0].result[0] for each in ends
    ]
    assert lengths == [len("third " + PLAIN)] * 2
    stored = threaded.get_backfill(backfill.backfill_id).get(timeout=SECONDS)
    assert stored.backfill.params == {"password": "***"}
    assert PLAIN.encode() not in database()


def test_an_event_with_a_filter_fires_a_schedule_with_a_secret(threaded: Runtime) -> None:
    config = {"event": "paid", "eventFilter": {"region": "eu"}}
    schedule = make(threaded, "careful", config, password=PLAIN)

    assert threaded.send_event("paid", {"region": "us"}).get(timeout=SECONDS) == []
    (key,) = threaded.send_event("paid", {"region": "eu"}).get(timeout=SECONDS)

    found = threaded.wait_for(key).get(timeout=SECONDS)
    assert (found.schedule_id, found.status) == (schedule, ExecutionStatus.SUCCEEDED)


def test_every_answer_shows_stars(threaded: Runtime) -> None:
    schedule = make(threaded, "careful", MANUAL, password=PLAIN)
    triggered(threaded, schedule)

    answers = [
        threaded.get_schedule(schedule).get(),
        threaded.list_schedules().get(),
        threaded.update_scheduled_workflow(schedule, {"name": "other"}).get(),
        threaded.pause_schedule(schedule).get(),
        threaded.resume_schedule(schedule).get(),
        threaded.get_schedule_workflow_status(schedule).get(),
        threaded.sync_schedule_workflow_state(schedule).get(),
        threaded.list_executions().get(),
        threaded.export_schedules().get(),
    ]
    config = threaded.get_schedule(schedule).get().execution_config
    assert config.params == {"password": "***"}
    assert "password" not in repr(config), "parameters are left out where objects are printed"
    assert not [each for each in answers if "$secret" in repr(each) or PLAIN in repr(each)]


# Changes, exports and imports


def test_a_change_of_something_else_keeps_the_secret(threaded: Runtime) -> None:
    schedule = make(threaded, "careful", MANUAL, password=PLAIN)

    for change in (
        {"name": "other"},
        {"executionConfig": {"priority": 1}},
        {"executionConfig": {"params": {"password": "***"}}},
    ):
        threaded.update_scheduled_workflow(schedule, change).get(timeout=SECONDS)

    assert triggered(threaded, schedule).status is ExecutionStatus.SUCCEEDED


def test_a_secret_does_not_move_to_another_workflow(threaded: Runtime) -> None:
    schedule = make(threaded, "careful", MANUAL, password=PLAIN)

    for changes in (
        {"workflowId": "retried"},
        {"workflowId": "retried", "executionConfig": {"params": {"password": "***"}}},
    ):
        with pytest.raises(InvalidInput, match=r"executionConfig\.params\.password"):
            threaded.update_scheduled_workflow(schedule, changes).get(timeout=SECONDS)


def test_an_export_is_imported_again_without_a_change(threaded: Runtime) -> None:
    schedule = make(threaded, "careful", MANUAL, password=PLAIN, unused={"env": VARIABLE})
    (form,) = threaded.export_schedules().get(timeout=SECONDS)
    assert form["executionConfig"]["params"] == {"password": "***", "unused": {"env": VARIABLE}}

    same = threaded.import_schedules([form]).get(timeout=SECONDS)
    assert (same.unchanged, same.errors) == (1, [])

    renamed = threaded.import_schedules([{**form, "name": "x"}]).get(timeout=SECONDS)
    assert (renamed.updated, renamed.errors) == (1, [])
    params = {"params": {"unused": None}}
    assert triggered(threaded, schedule, **params).status is ExecutionStatus.SUCCEEDED

    other = threaded.import_schedules([{**form, "id": "sch_other", "scheduleId": "sch_other"}])
    (refused,) = other.get(timeout=SECONDS).errors
    assert refused.errors[0].loc == ("executionConfig", "params", "password")


def test_a_dry_import_of_a_plain_value_changes_nothing(threaded: Runtime) -> None:
    make(threaded, "careful", MANUAL, password=PLAIN)
    (form,) = threaded.export_schedules().get(timeout=SECONDS)
    form["executionConfig"]["params"]["password"] = "another " + PLAIN

    told = threaded.import_schedules([form], dry_run=True).get(timeout=SECONDS)
    done = threaded.import_schedules([form]).get(timeout=SECONDS)

    assert (told.updated, done.updated, done.errors) == (1, 1, [])


def test_without_a_key_only_references_are_taken(made: Callable[..., Runtime]) -> None:
    with made(secret_key_file=None) as runtime:
        with pytest.raises(InvalidInput, match=r"params\.password: is secret") as error:
            make(runtime, "careful", MANUAL, password=PLAIN)
        assert PLAIN not in str(error.value)
        with pytest.raises(InvalidInput, match="--secret-key-file"):
            runtime.run("careful", params={"password": PLAIN}).get(timeout=SECONDS)
        schedule = make(runtime, "careful", MANUAL, password={"env": VARIABLE})
        with pytest.raises(InvalidInput, match="is secret"):
            triggered(runtime, schedule, params={"password": PLAIN})
        with pytest.raises(InvalidInput, match="secret-env"):
            make(runtime, "careful", MANUAL, password={"env": "HOME"})
