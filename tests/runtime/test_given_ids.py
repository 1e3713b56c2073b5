"""Ids that whoever asks has chosen: the same piece of work is not begun twice."""

import pytest

from quarterjack.runtime import InvalidInput
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import AlreadyExists
from quarterjack.storage.queries import ExecutionFilter


def test_a_run_has_the_id_that_was_chosen(runtime: VirtualRuntime) -> None:
    assert runtime.run("report", execution_id="exe_mine").get() == "exe_mine"

    with pytest.raises(AlreadyExists, match="exe_mine"):
        runtime.run("report", execution_id="exe_mine").get()
    assert len(runtime.list_executions().get().items) == 1


def test_a_trigger_has_the_id_that_was_chosen(runtime: VirtualRuntime) -> None:
    draft = {"workflowId": "report", "name": "n", "scheduleConfig": {"manual": True}}
    key = runtime.create_scheduled_workflow(draft, schedule_id="sch_mine").get()
    trigger = runtime.trigger_scheduled_execution

    assert trigger(key, execution_id="exe_mine").get() == "exe_mine"
    with pytest.raises(AlreadyExists, match="exe_mine"):
        trigger(key, execution_id="exe_mine").get()
    assert trigger(key).get() != "exe_mine", "the schedule goes on"
    with pytest.raises(AlreadyExists, match="sch_mine"):
        runtime.create_scheduled_workflow(draft, schedule_id="sch_mine").get()


def test_a_retry_has_the_id_that_was_chosen(runtime: VirtualRuntime) -> None:
    failed = runtime.run("broken").get()
    runtime.wait_for(failed).get()

    assert runtime.retry_execution(failed, new_execution_id="exe_mine").get() == "exe_mine"
    with pytest.raises(AlreadyExists, match="exe_mine"):
        runtime.retry_execution(failed, new_execution_id="exe_mine").get()


def test_a_backfill_has_the_id_that_was_chosen(runtime: VirtualRuntime) -> None:
    key = runtime.create_scheduled_workflow(
        {"workflowId": "report", "name": "n", "scheduleConfig": {"cron": "0 * * * *"}}
    ).get()
    now = runtime.now()
    wanted = {"start": now.replace(year=now.year - 1).isoformat(), "end": now.isoformat()}
    wanted["start"] = now.replace(day=1, year=now.year - 1).isoformat()
    wanted["end"] = now.replace(day=2, hour=0, year=now.year - 1).isoformat()

    made = runtime.backfill_schedule(key, wanted, backfill_id="bkf_mine").get()

    assert made.backfill_id == "bkf_mine"
    with pytest.raises(AlreadyExists, match="bkf_mine"):
        runtime.backfill_schedule(key, wanted, backfill_id="bkf_mine").get()
    found = runtime.list_executions(ExecutionFilter(schedule_id=key)).get().items
    assert len(found) == len(made.execution_ids)


@pytest.mark.parametrize("given", ["", "../x", "a" * 65])
def test_what_is_no_id_is_refused(runtime: VirtualRuntime, given: str) -> None:
    with pytest.raises(InvalidInput, match="execution_id"):
        runtime.run("report", execution_id=given).get()
