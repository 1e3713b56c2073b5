"""What may be deleted goes, in limited steps; what is still needed stays."""

from datetime import timedelta

import pytest
from ledger import fires

from quarterjack.actors.engine import VirtualClock
from quarterjack.actors.messages import Commit
from quarterjack.runtime import StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import InvalidInput, NotFound, Role
from quarterjack.storage.audit import AuditEntry
from quarterjack.storage.pruning import BEGIN, Keep, Place, Prune, Pruned
from quarterjack.storage.queries import ExecutionFilter, PageRequest

quick = Workflow("quick")


@quick.step
def once() -> int:
    return 1


other = Workflow("other")


@other.step
def twice() -> int:
    return 2


waits = Workflow("waits")
waits.wait_for_event("go")

moody = Workflow("moody")


@moody.step
def often(ctx: StepContext) -> None:
    """Fails on most days."""
    assert ctx.scheduled_time.day % 4 == 0, "not today"


MONTH = timedelta(days=30)


def shop() -> VirtualRuntime:
    """Two schedules that run once a day."""
    return VirtualRuntime(workflows=[quick, other, waits, moody], clock=VirtualClock())


def daily(runtime: VirtualRuntime, workflow: str) -> str:
    draft = {"workflowId": workflow, "name": workflow, "scheduleConfig": {"cron": "0 0 * * *"}}
    return runtime.create_scheduled_workflow(draft).get()


def prune_all(runtime: VirtualRuntime, age: timedelta | None, **options: object) -> Pruned:
    """Until there is no more."""
    found = runtime.prune(age, **options).get()  # type: ignore[arg-type]
    while found.more:
        found = found + runtime.prune(age, **options).get()  # type: ignore[arg-type]
    return found


def count(runtime: VirtualRuntime, **wanted: object) -> int:
    page = runtime.list_executions(ExecutionFilter(**wanted), PageRequest(500)).get()  # type: ignore[arg-type]
    return len(page.items)


def three_days_before(runtime: VirtualRuntime) -> dict[str, str]:
    """The range of a backfill."""
    begin = runtime.now() - timedelta(days=3)
    return {"start": begin.isoformat(), "end": runtime.now().isoformat()}


def test_old_executions_go_and_young_ones_stay() -> None:
    with shop() as runtime:
        daily(runtime, "quick")
        runtime.advance("100.5 days")
        found = prune_all(runtime, MONTH)
        assert found.executions == 70
        assert count(runtime) == 30
        assert found.fires == 70
        assert prune_all(runtime, MONTH).rows == 0


def test_the_newest_of_each_workflow_stay_however_old() -> None:
    with shop() as runtime:
        daily(runtime, "quick")
        key = daily(runtime, "other")
        runtime.advance("50.5 days")
        runtime.pause_schedule(key).get()
        runtime.advance("100.5 days")
        prune_all(runtime, MONTH, keep=40)
        assert count(runtime, workflow_id="quick") == 40
        assert count(runtime, workflow_id="other") == 40


def test_one_workflow_alone_can_be_pruned() -> None:
    with shop() as runtime:
        daily(runtime, "quick")
        daily(runtime, "other")
        runtime.advance("60.5 days")
        found = prune_all(runtime, MONTH, workflow_id="quick")
        assert (found.fires, found.events, found.audit) == (0, 0, 0)
        assert count(runtime, workflow_id="quick") == 30
        assert count(runtime, workflow_id="other") == 60


def test_what_has_not_ended_stays() -> None:
    with shop() as runtime:
        key = runtime.run("waits").get()
        runtime.advance("60.5 days")
        prune_all(runtime, timedelta(hours=1))
        assert runtime.get_execution(key).get().execution.id == key


def test_a_step_deletes_no_more_than_it_may() -> None:
    with shop() as runtime:
        daily(runtime, "quick")
        runtime.advance("100.5 days")
        found = runtime.prune(MONTH, most=10).get()
        assert (found.rows, found.more) == (10, True)
        assert prune_all(runtime, MONTH, most=7).executions == 60


def test_events_go_from_the_oldest_on_and_the_newest_stays() -> None:
    with shop() as runtime:
        daily(runtime, "quick")
        runtime.advance("10.5 days")
        newest = runtime.events(0).get()[-1].seq
        prune_all(runtime, timedelta(hours=1))
        left = runtime.events(0).get()
        assert [event.seq for event in left] == [newest]


def test_events_that_a_webhook_has_not_got_stay() -> None:
    with shop() as runtime:
        made = runtime.create_webhook({"url": "https://example.org/hook", "topics": ["schedule:*"]})
        made.get()
        daily(runtime, "quick")
        runtime.advance("60.5 days")
        cursor = runtime.events(0).get()[-1].seq
        prune_all(runtime, timedelta(hours=1))
        left = runtime.events(0).get()
        assert left[-1].seq == cursor
        assert [event.seq for event in left] == list(range(left[0].seq, cursor + 1))


def test_schedules_go_on_after_their_history_is_gone() -> None:
    with shop() as runtime:
        key = daily(runtime, "quick")
        runtime.advance("40.5 days")
        prune_all(runtime, timedelta(hours=1))
        runtime.advance("2 days")
        assert count(runtime) == 2
        assert runtime.get_schedule_workflow_status(key).get().schedule.totals.executions == 42


def test_a_recount_after_pruning_changes_nothing() -> None:
    with shop() as runtime:
        keys = [daily(runtime, "quick"), daily(runtime, "moody")]
        runtime.backfill_schedule(keys[1], three_days_before(runtime)).get()
        runtime.advance("40.5 days")
        runtime.trigger_scheduled_execution(keys[1]).get()
        runtime.advance("10 days")
        for age in (MONTH, timedelta(days=9), timedelta(hours=1)):
            before = [runtime.get_schedule(key).get() for key in keys]
            assert prune_all(runtime, age).executions > 0
            for key in keys:
                runtime.sync_schedule_workflow_state(key).get()
            assert [runtime.get_schedule(key).get() for key in keys] == before
        runtime.advance("5 days")
        assert before[1].totals.failed > 10
        left = [runtime.get_schedule(key).get() for key in keys]
        assert [each.totals.executions for each in left] == [55, 59]
        for key in keys:
            runtime.sync_schedule_workflow_state(key).get()
        assert [runtime.get_schedule(key).get() for key in keys] == left


def test_a_number_of_runs_is_not_begun_anew_after_pruning() -> None:
    with shop() as runtime:
        config = {"cron": "0 0 * * *", "maxRuns": 5}
        draft = {"workflowId": "quick", "name": "five", "scheduleConfig": config}
        key = runtime.create_scheduled_workflow(draft).get()
        runtime.advance("60 days")
        prune_all(runtime, MONTH)
        assert runtime.sync_schedule_workflow_state(key).get().schedule.status == "finished"
        assert runtime.sync_schedule_workflow_state(key).get().schedule.runs == 5
        runtime.advance("10 days")
        assert count(runtime) == 0


def test_what_was_counted_goes_with_its_schedule() -> None:
    with shop() as runtime:
        key = daily(runtime, "quick")
        runtime.advance("40.5 days")
        prune_all(runtime, MONTH)
        assert facts(runtime) == 1
        runtime.delete_scheduled_workflow(key).get()
        assert facts(runtime) == 0


def test_the_audit_table_and_the_ledger_go_by_age() -> None:
    with shop() as runtime:
        key = daily(runtime, "quick")
        for span in ("60.5 days", "20 days"):
            entry = AuditEntry(runtime.now(), None, None, Role.ADMIN, "::1", "pauseSchedule", 200)
            runtime.record_audit(entry).get()
            runtime.advance(span)
        found = prune_all(runtime, MONTH)
        assert (found.fires, found.audit) == (50, 1)
        assert {fire.due >= runtime.now() - MONTH for fire in fires(runtime, key)} == {True}


def test_what_is_young_can_not_be_asked_for() -> None:
    with shop() as runtime, pytest.raises(InvalidInput, match="at least 1h"):
        runtime.prune(timedelta(minutes=5)).get()


def test_a_child_stays_until_its_parent_has_ended() -> None:
    parent = Workflow("parent")
    parent.subworkflow(quick)
    parent.wait_for_event("go")
    with VirtualRuntime(workflows=[quick, parent]) as runtime:
        runtime.run("parent").get()
        runtime.advance("60.5 days")
        assert count(runtime) == 2
        assert prune_all(runtime, MONTH).executions == 0
        runtime.send_event("go").get()
        runtime.advance("60.5 days")
        assert prune_all(runtime, MONTH).executions == 2


def test_a_number_alone_bounds_each_workflow_s_executions() -> None:
    with shop() as runtime:
        daily(runtime, "quick")
        daily(runtime, "other")
        runtime.advance("50.5 days")
        found = prune_all(runtime, None, max_per_workflow=20)
        assert (found.executions, found.rows) == (60, 60)
        assert count(runtime, workflow_id="quick") == 20
        assert count(runtime, workflow_id="other") == 20


def test_of_many_that_were_queued_at_one_instant_as_many_stay_as_said() -> None:
    with shop() as runtime:
        for _ in range(30):
            runtime.run("quick").get()
        runtime.advance("1h")
        for _ in range(3):
            runtime.run("quick").get()
        runtime.advance("60 days")
        prune_all(runtime, None, max_per_workflow=20)
        assert count(runtime) == 20
        prune_all(runtime, MONTH, keep=5)
        assert count(runtime) == 5
        prune_all(runtime, MONTH, keep=2)
        assert count(runtime) == 2


def test_age_and_number_together_let_go_what_either_does() -> None:
    with shop() as runtime:
        daily(runtime, "quick")
        key = daily(runtime, "other")
        runtime.advance("20.5 days")
        runtime.pause_schedule(key).get()
        runtime.advance("50.5 days")
        prune_all(runtime, MONTH, keep=5, max_per_workflow=25)
        assert count(runtime, workflow_id="quick") == 25
        assert count(runtime, workflow_id="other") == 5


def test_what_has_just_ended_stays_for_those_who_wait() -> None:
    with shop() as runtime:
        for _ in range(3):
            runtime.run("quick").get()
            runtime.advance("1s")
        assert prune_all(runtime, None, max_per_workflow=1).rows == 0
        runtime.advance("2m")
        assert prune_all(runtime, None, max_per_workflow=1).executions == 2


@pytest.mark.parametrize(
    ("older_than", "options", "told"),
    [
        (None, {}, "say what may go"),
        (MONTH, {"keep": 5, "max_per_workflow": 4}, "not below keep"),
        (None, {"max_per_workflow": 0}, "at least 1"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(
    older_than: timedelta | None, options: dict[str, int], told: str
) -> None:
    with shop() as runtime, pytest.raises(InvalidInput, match=told):
        runtime.prune(older_than, **options).get()  # type: ignore[arg-type]


def test_messages_and_backfills_go_when_nothing_is_left_of_them() -> None:
    with shop() as runtime:
        key = daily(runtime, "quick")
        runtime.create_webhook({"url": "https://example.org/hook", "topics": ["schedule:*"]}).get()
        made = runtime.backfill_schedule(key, three_days_before(runtime)).get()
        runtime.advance("60.5 days")
        found = prune_all(runtime, MONTH)
        assert found.webhook_deliveries > 0
        assert found.backfills == 1
        with pytest.raises(NotFound):
            runtime.get_backfill(made.backfill_id).get()


def test_one_change_looks_into_a_limited_number_of_schedules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quarterjack.storage.pruning.LOOKS", 3)
    with shop() as runtime:
        for _ in range(5):
            daily(runtime, "quick")
        runtime.advance("40.5 days")
        keep = Keep(runtime.now() - MONTH)
        found, steps = Pruned(), 0
        place: Place | None = BEGIN
        while place is not None:
            found = found + commit(runtime, Prune(keep, most=100_000, place=place))
            place, steps = found.place, steps + 1
        assert found.fires == 10 * 5
        assert steps > 2


def facts(runtime: VirtualRuntime) -> int:
    """How many schedules have counts of what was deleted."""
    query = "SELECT count(*) FROM facts WHERE name LIKE 'forgotten/%'"
    reply = runtime._running().environment.reads(
        lambda reader: reader.execute_sql(query).fetchone()
    )
    return int(reply.get()[0])


def commit(runtime: VirtualRuntime, change: Prune) -> Pruned:
    """Have one change written."""
    reply = runtime._running().cast.state.ask(Commit(change))
    found: Pruned = reply.get()
    return found
