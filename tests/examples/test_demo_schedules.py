"""The demo's schedules: accepted as they are, and all of them succeed soon; and what else there is."""

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from quarterjack.examples import MODULES, WORKFLOWS, demo_schedules
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.runtime.workflow_loader import load_workflows


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


def test_the_demo_runs_some_of_the_examples() -> None:
    served = {each.id for name in MODULES for each in load_workflows(name)}

    assert {workflow.id for workflow in WORKFLOWS} <= served


def test_every_example_is_listed_and_explained() -> None:
    names = {each.rpartition(".")[2] for each in MODULES} | {"failure_mail", "service_watch"}
    folder = files("quarterjack.examples")
    modules = {
        path.name.removesuffix(".py") for path in folder.iterdir() if path.name[-3:] == ".py"
    }
    readme = folder.joinpath("README.md").read_text(encoding="utf-8")

    assert names == modules - {"__init__", "report_file"}
    assert [name for name in sorted(names) if f"[`{name}`]({name}.py)" not in readme] == []
