"""What those who look at a runtime ask of it, also in virtual time."""

from datetime import timedelta

from quarterjack.runtime import Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import ScheduleId
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_summaries import SummaryFilter
from quarterjack.storage.standing import Concern

HOURLY = {"cron": "0 * * * *"}


def _hourly(runtime: VirtualRuntime, workflow: str) -> ScheduleId:
    draft = {"workflowId": workflow, "name": workflow, "scheduleConfig": HOURLY}
    return runtime.create_scheduled_workflow(draft).get()


def test_an_overview_follows_the_clock(runtime: VirtualRuntime) -> None:
    key = _hourly(runtime, "broken")
    before = runtime.overview().get()
    runtime.advance(timedelta(hours=3))

    after = runtime.overview().get()

    assert before.survey.attention == []
    assert after.now - before.now == timedelta(hours=3)
    (item,) = after.survey.attention
    assert (item.concern, item.schedule.id, item.count) == (Concern.FAILING, key, 3)


def test_a_list_and_a_timeline_agree_on_what_was_and_will_be(runtime: VirtualRuntime) -> None:
    key = _hourly(runtime, "broken")
    runtime.advance(timedelta(hours=3))

    wanted = SummaryFilter(ids=[key])
    (listed,) = runtime.list_schedule_summaries(wanted, PageRequest()).get().items
    (row,) = runtime.timeline(wanted).get().rows.items

    assert listed.rule == "At minute 0 of every hour"
    assert listed.summary.recent == row.past.runs
    assert len(row.past.runs) == 3
    assert listed.next_execution == row.coming[0]
    assert len(row.coming) == 5  # the end of the span does not belong to it


def test_what_waits_between_attempts_is_under_way(runtime: VirtualRuntime, slow: Workflow) -> None:
    execution_id = runtime.run(slow.id).get()
    runtime.advance("30s")

    (found,) = runtime.list_running().get().items

    assert (found.run.id, found.steps_done, found.steps_total) == (execution_id, 0, 1)
    assert [step.name for step in found.current] == ["twice"]
    assert found.elapsed == timedelta(seconds=30)
