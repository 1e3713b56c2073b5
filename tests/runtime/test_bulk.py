"""Many schedules at once: what an import makes, changes, leaves alone and refuses; and how it comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from events_of import every_event

from quarterjack.runtime import Runtime, RuntimeNotStarted, ScheduleStatus, Workflow
from quarterjack.runtime.bulk import SLICE, ImportReport
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import ScheduleId, StorageUnavailable, WorkflowId
from quarterjack.storage.queries import ScheduleFilter

DAILY = {"cron": "0 3 * * *"}


def form(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "workflowId": "report", "name": key, "scheduleConfig": DAILY, **more}


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, len(report.errors)


@pytest.fixture
def embedded(report: Workflow, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime with threads and a file, as programs have it."""
    with Runtime(f"sqlite:///{tmp_path / 'q.db'}", workflows=[report]) as started:
        yield started


def test_what_is_imported_fires_as_what_is_made_one_by_one(runtime: VirtualRuntime) -> None:
    done = runtime.import_schedules([form("a"), form("b", enabled=False)]).get()

    runtime.advance("1 day")

    assert counts(done) == (2, 0, 0, 0)
    assert [runtime.get_schedule(key).get().totals.executions for key in "ab"] == [1, 0]
    made = [e.schedule_id for e in every_event(runtime) if e.type == "schedule.created"]
    assert sorted(filter(None, made)) == ["a", "b"]


def test_importing_again_changes_only_what_differs(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a"), form("b"), form("c")]).get()

    done = runtime.import_schedules([form("a"), form("b", name="other"), form("d")]).get()

    assert counts(done) == (1, 1, 1, 0)
    assert [runtime.get_schedule(key).get().version for key in "abcd"] == [1, 2, 1, 1]


def test_what_a_form_leaves_out_gets_its_default(runtime: VirtualRuntime) -> None:
    once = form(
        "a",
        description="long",
        metadata={"team": "bi"},
        scheduleConfig={"interval": "1h", "anchor": "2026-01-01T00:30:00Z", "overlap": "allow"},
        executionConfig={"params": {"region": "us"}, "priority": 1, "timeout": "5m"},
    )
    runtime.import_schedules([once]).get()

    runtime.import_schedules([form("a")]).get()

    (found,) = runtime.export_schedules().get()
    runtime.import_schedules([form("b")]).get()
    made = runtime.export_schedules().get()[1]
    own = ("id", "scheduleId", "name", "version", "createdAt", "updatedAt")
    assert {k: v for k, v in found.items() if k not in own} == {
        k: v for k, v in made.items() if k not in own
    }


def test_what_is_exported_can_be_imported_unchanged(runtime: VirtualRuntime) -> None:
    several = [
        form("a", metadata={"n": 1, "x": [1.5, True, None]}, description="é"),
        form("b", scheduleConfig={"cron": ["0 3 * * *", "@hourly"], "timezone": "Europe/Paris"}),
        form("c", scheduleConfig={"interval": "90s", "catchUpWindow": "5m", "catchUp": "all"}),
        form("d", scheduleConfig={"at": "2027-01-01T00:00:00Z"}, enabled=False),
        form(
            "e",
            scheduleConfig={"manual": True},
            executionConfig={"retryPolicy": {"attempts": 3, "retryOn": ["OSError"]}},
        ),
    ]
    bounded = {
        "startAt": "2026-03-01T00:00:00Z",
        "endAt": "2027-01-01T00:00:00+01:00",
        "jitter": "5m",
        "maxRuns": 100,
        "exclude": ["2026-12-25"],
    }
    several.append(form("f", scheduleConfig=DAILY | bounded, executionConfig={"pauseOnFailure": 3}))
    runtime.import_schedules(several).get()
    exported = runtime.export_schedules().get()

    done = runtime.import_schedules(exported).get()

    assert counts(done) == (0, 0, 6, 0)
    assert [each["id"] for each in exported] == list("abcdef")
    assert {each["version"] for each in runtime.export_schedules().get()} == {1}


def test_a_number_and_a_truth_are_not_the_same(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a", metadata={"on": 1})]).get()

    assert counts(runtime.import_schedules([form("a", metadata={"on": True})]).get())[1] == 1
    assert runtime.get_schedule("a").get().metadata == {"on": True}


def test_a_rehearsal_tells_what_would_happen_and_does_nothing(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a"), form("b")]).get()
    wrong = form("b", workflowId="nothing")

    rehearsed = runtime.import_schedules(
        [form("a", name="new"), wrong, form("c")], dry_run=True
    ).get()

    assert counts(rehearsed) == (1, 1, 0, 1)
    assert rehearsed.errors[0].line == 2
    assert [each["name"] for each in runtime.export_schedules().get()] == ["a", "b"]


def test_without_an_id_it_is_a_new_schedule_each_time(runtime: VirtualRuntime) -> None:
    nameless = form("a")
    del nameless["id"]

    done = runtime.import_schedules([nameless, nameless]).get()

    keys = [each["id"] for each in runtime.export_schedules().get()]
    assert counts(done) == (2, 0, 0, 0)
    assert len(set(keys)) == 2
    assert all(key.startswith("sch_") for key in keys)


@pytest.mark.parametrize(
    ("wrong", "loc", "told"),
    [
        ([], (), "is an object"),
        (None, (), "is an object"),
        ({"id": 5}, ("id",), "an id is 1 to 64"),
        ({"id": "../x"}, ("id",), "an id is 1 to 64"),
        ({"id": "x", "scheduleId": "y"}, ("scheduleId",), "another one than id"),
        ({"id": "x"}, ("workflowId",), "required"),
        (form("x", nam=1), ("nam",), "no field here"),
        (form("x", workflowId="nothing"), ("workflowId",), "there is no workflow"),
        (form("x", scheduleConfig={"cron": "61 * * * *"}), ("scheduleConfig", "cron"), "minute"),
        (form("first"), ("id",), "stands on line 1 already"),
    ],
)
def test_a_wrong_one_is_named_and_stops_no_other(
    runtime: VirtualRuntime, wrong: Any, loc: tuple[str, ...], told: str
) -> None:
    done = runtime.import_schedules([form("first"), wrong, form("last")]).get()

    assert counts(done) == (2, 0, 0, 1)
    assert done.errors[0].line == 2
    found = {error.loc: error.msg for error in done.errors[0].errors}
    assert told in found[loc]
    assert [each["id"] for each in runtime.export_schedules().get()] == ["first", "last"]


def test_a_wrong_change_leaves_the_schedule_as_it_is(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a")]).get()

    done = runtime.import_schedules([form("a", workflowId="nothing")]).get()

    assert counts(done) == (0, 0, 0, 1)
    assert runtime.get_schedule("a").get().version == 1


def test_a_paused_schedule_stays_paused(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a")]).get()
    runtime.pause_schedule("a").get()

    runtime.import_schedules([form("a", name="other")]).get()

    assert runtime.get_schedule("a").get().status is ScheduleStatus.PAUSED


def test_a_finished_schedule_stays_finished_unless_its_rule_is_another(
    runtime: VirtualRuntime,
) -> None:
    once = {"scheduleConfig": {"at": "2026-01-01T01:00:00Z"}}
    runtime.import_schedules([form("a", **once)]).get()
    runtime.advance("2h")

    runtime.import_schedules([form("a", name="other", **once)]).get()
    renamed = runtime.get_schedule("a").get()
    runtime.import_schedules([form("a")]).get()

    assert (renamed.name, renamed.status) == ("other", ScheduleStatus.FINISHED)
    assert runtime.get_schedule("a").get().status is ScheduleStatus.ACTIVE


def test_the_actors_of_what_was_imported_sleep(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a"), form("b")]).get()
    runtime.import_schedules([form("a", name="other")]).get()
    runtime.settle()

    assert [each.name for each in runtime.actors().get() if each.kind == "schedule"] == []


def test_more_than_a_slice_goes_through_in_order(embedded: Runtime) -> None:
    keys = [f"s{number:04}" for number in range(3 * SLICE + 7)][::-1]

    done = embedded.import_schedules(form(key) for key in keys).get(timeout=50)

    assert counts(done) == (len(keys), 0, 0, 0)
    assert [each["id"] for each in embedded.export_schedules().get(timeout=20)] == keys


def test_nothing_at_all_is_an_import_too(embedded: Runtime) -> None:
    assert embedded.import_schedules([]).get(timeout=20) == ImportReport()


def test_two_imports_of_the_same_end_with_one_of_each(embedded: Runtime) -> None:
    forms = [form(f"s{number}") for number in range(SLICE)]
    renamed = [{**each, "name": "other"} for each in forms]

    both = [embedded.import_schedules(forms), embedded.import_schedules(renamed)]

    done = [reply.get(timeout=50) for reply in both]
    assert sum(report.created for report in done) == SLICE
    assert [report.created + report.updated for report in done] == [SLICE, SLICE]
    assert len(embedded.export_schedules().get(timeout=20)) == SLICE


def test_who_is_changed_all_the_time_is_told(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a")]).get()
    names = iter(range(100))
    importing = runtime.begin_import()
    # Each time it is planned, somebody else is faster.
    assembly = runtime._assembly
    assert assembly is not None
    read = assembly.read

    def change_and_read(query: Any, *arguments: Any) -> Any:
        reply = read(query, *arguments)
        runtime.update_scheduled_workflow("a", {"description": str(next(names))})
        return reply

    assembly.read = change_and_read  # type: ignore[method-assign]

    importing.take([(1, form("a", name="other"))])
    runtime.settle()

    (wrong,) = importing.report.errors
    assert "somebody else" in wrong.errors[0].msg


def test_what_is_no_line_s_fault_ends_the_import(runtime: VirtualRuntime) -> None:
    assembly = runtime._assembly
    assert assembly is not None

    def full(*_: Any) -> Any:
        raise StorageUnavailable("no space left")

    assembly.read = full  # type: ignore[method-assign, assignment]

    with pytest.raises(StorageUnavailable, match="no space"):
        runtime.import_schedules([form("a")]).get()


def test_an_export_has_those_that_are_wanted(runtime: VirtualRuntime) -> None:
    runtime.import_schedules(
        [form("a"), form("b", enabled=False), form("c", workflowId="slow")]
    ).get()

    def ids(wanted: ScheduleFilter) -> list[str]:
        return [each["id"] for each in runtime.export_schedules(wanted).get()]

    assert ids(ScheduleFilter(status=ScheduleStatus.DISABLED)) == ["b"]
    assert ids(ScheduleFilter(workflow_id=WorkflowId("slow"))) == ["c"]
    assert ids(ScheduleFilter(text="a")) == ["a"]


def test_an_import_needs_a_runtime_that_is_started(report: Workflow) -> None:
    with pytest.raises(RuntimeNotStarted):
        Runtime(workflows=[report]).import_schedules([form("a")]).get(timeout=5)


def test_a_schedule_that_was_deleted_can_be_imported_again(runtime: VirtualRuntime) -> None:
    runtime.import_schedules([form("a")]).get()
    runtime.delete_scheduled_workflow("a").get()

    assert counts(runtime.import_schedules([form("a")]).get()) == (1, 0, 0, 0)
    assert runtime.get_schedule("a").get().id == ScheduleId("a")
