"""Secrets when a workflow's definition changes: marked later, marked no more, or gone."""

from pathlib import Path
from typing import Any

import pytest

from quarterjack.runtime import (
    Execution,
    ExecutionStatus,
    InvalidInput,
    Runtime,
    Settings,
    Workflow,
)
from quarterjack.runtime.vault.keyring import make_key_file

SECONDS = 20
VALUE = "correct horse"


def mail(*secrets: str) -> Workflow:
    """With these parameters secret; it gives back what its parameter looks like."""
    found = Workflow("mail", secrets=secrets)

    @found.step
    def send(password: Any) -> str:
        return f"{type(password).__name__} {password}"

    return found


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    make_key_file(tmp_path / "key")
    return {"secret_key_file": str(tmp_path / "key")}


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'q.db'}"


def make(runtime: Runtime) -> str:
    draft = {
        "workflowId": "mail",
        "name": "test",
        "scheduleConfig": {"cron": "0 0 1 1 *"},
        "executionConfig": {"params": {"password": VALUE}},
    }
    return runtime.create_scheduled_workflow(draft).get(timeout=SECONDS)


def triggered(runtime: Runtime, schedule: str) -> Execution:
    key = runtime.trigger_scheduled_execution(schedule).get(timeout=SECONDS)
    return runtime.wait_for(key).get(timeout=SECONDS)


def test_what_was_stored_before_is_hidden_and_encrypted_with_the_next_change(
    database: str, settings: dict[str, Any]
) -> None:
    with Runtime(database, workflows=[mail()]) as runtime:
        schedule = make(runtime)

    with Runtime(database, workflows=[mail("password")]) as runtime:
        assert runtime.get_schedule(schedule).get().execution_config.params == {"password": "***"}
        with pytest.raises(InvalidInput, match="is secret, and the server has no key"):
            triggered(runtime, schedule)

    with Runtime(
        database, workflows=[mail("password")], settings=Settings.of(**settings)
    ) as runtime:
        assert triggered(runtime, schedule).result == "Secret ***"
        changed = runtime.update_scheduled_workflow(schedule, {"name": "other"}).get()
        assert changed.execution_config.params == {"password": "***"}
        assert triggered(runtime, schedule).status is ExecutionStatus.SUCCEEDED
    with Runtime(database) as runtime:
        assert VALUE not in repr(runtime.export_schedules().get())


def test_what_is_encrypted_stays_secret_when_the_workflow_says_so_no_more(
    database: str, settings: dict[str, Any]
) -> None:
    made = Settings.of(**settings)
    with Runtime(database, workflows=[mail("password")], settings=made) as runtime:
        schedule = make(runtime)
        key = runtime.trigger_scheduled_execution(schedule).get(timeout=SECONDS)
        runtime.wait_for(key).get(timeout=SECONDS)

    with Runtime(database, workflows=[mail()], settings=made) as runtime:
        assert runtime.get_schedule(schedule).get().execution_config.params == {"password": "***"}
        assert runtime.get_execution(key).get().execution.params == {"password": "***"}
        with pytest.raises(InvalidInput, match="no secret any more; give it again"):
            runtime.update_scheduled_workflow(schedule, {"name": "other"}).get()

    with Runtime(database) as runtime:
        assert runtime.get_execution(key).get().execution.params == {"password": "***"}
        assert "$secret" not in repr(runtime.list_executions().get())
