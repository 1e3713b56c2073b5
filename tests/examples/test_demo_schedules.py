"""The demo's schedules: accepted as they are, and all of them succeed soon."""

import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

from quarterjack.examples import MODULES, WORKFLOWS, demo_schedules
from quarterjack.runtime.testing import VirtualRuntime


def test_each_example_succeeds_within_a_minute(tmp_path: Path) -> None:
    database = tmp_path / "own.db"
    with closing(sqlite3.connect(database)) as made, made:
        made.execute("CREATE TABLE things (name)")

    with VirtualRuntime(workflows=WORKFLOWS) as runtime:
        drafts = demo_schedules(tmp_path / "out", database)
        for key, draft in drafts:
            if draft["workflowId"] == "disk-watch":
                draft["executionConfig"]["params"]["folder"] = str(tmp_path)
            runtime.create_scheduled_workflow(draft, schedule_id=key).get()
        runtime.advance("1m")

        for key, draft in drafts:
            totals = runtime.get_schedule(key).get().totals
            assert draft["description"]
            assert totals.executions >= 2
            assert totals.succeeded == totals.executions


def test_the_modules_hold_the_workflows() -> None:
    found = [vars(import_module(name))[name.rpartition(".")[2]] for name in MODULES]

    assert found == list(WORKFLOWS)
