"""The difference between what is wanted and what there is, and whose schedules it may touch."""

from typing import Any

import pytest

from quarterjack.http.cli.plan_view import plan_form, plan_lines, plan_notes, plan_summary
from quarterjack.http.cli.schedule_files import WrittenSchedule
from quarterjack.http.cli.schedule_plan import SchedulePlan, Wish, plan_for


def form(key: str, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "workflowId": "echo",
        "name": key,
        "scheduleConfig": {"cron": "@daily"},
        **more,
    }


def stored(key: str, origin: str | None = "here", **more: Any) -> dict[str, Any]:
    """As a server gives it."""
    metadata = {} if origin is None else {"appliedFrom": origin}
    plan = plan_for([Wish("", [WrittenSchedule("", key, form(key, **more))])], {})
    (made,) = plan.create
    return {**_whole(made), "scheduleId": key, "version": 3, "metadata": metadata}


def _whole(made: WrittenSchedule) -> dict[str, Any]:
    from quarterjack.actors.drafts import ScheduleDraft, validated
    from quarterjack.runtime.schedule_form import draft_form, without_output

    draft = validated(ScheduleDraft, without_output(made.form)[1])
    return {"id": made.key, **draft_form(draft)}


def plan(wanted: list[dict[str, Any]], there: list[dict[str, Any]], **terms: bool) -> SchedulePlan:
    wish = Wish("here", [WrittenSchedule(f"{w['id']}.toml", w["id"], w) for w in wanted], **terms)
    return plan_for([wish], {each["id"]: each for each in there})


def test_what_is_not_there_is_made_with_the_mark_of_its_origin() -> None:
    found = plan([form("a", metadata={"team": "bi"})], [])

    assert found.create[0].form["metadata"] == {"team": "bi", "appliedFrom": "here"}
    assert list(plan_lines(found)) == ['+ a  a: echo, cron "@daily"']
    assert found


def test_what_is_as_wanted_is_left_alone() -> None:
    found = plan(
        [form("a", executionConfig={"timeout": "1m"})],
        [stored("a", executionConfig={"timeout": 60})],
    )

    assert not found
    assert plan_form(found) == {
        "create": [],
        "change": [],
        "delete": [],
        "unchanged": ["a"],
        "left": [],
    }


def test_each_changed_field_is_shown() -> None:
    wanted = form("a", scheduleConfig={"interval": "1h"}, executionConfig={"params": {"n": True}})

    found = plan([wanted], [stored("a", executionConfig={"params": {"n": 1}}, description="old")])

    assert list(plan_lines(found)) == [
        "~ a  a",
        '    description: "old" → ""',
        "    executionConfig.params.n: 1 → true",
        '    scheduleConfig.cron: "@daily" → none',
        "    scheduleConfig.interval: none → 3600.0",
    ]
    assert plan_form(found)["change"][0]["fields"][1] == {
        "field": "executionConfig.params.n",
        "before": 1,
        "after": True,
    }
    assert plan_summary(found) == "to create: 0, to change: 1, to delete: 0, unchanged: 0"


def test_only_what_came_from_there_is_pruned_and_only_when_asked_for() -> None:
    there = [stored("a"), stored("b"), stored("c", origin="elsewhere"), stored("d", origin=None)]

    kept, pruned = plan([form("a")], there), plan([form("a")], there, prune=True)

    assert kept.delete == []
    assert list(plan_notes(kept)) == ["not wanted any more, but still there (see --prune): b"]
    assert [each["id"] for each in pruned.delete] == ["b"]
    assert list(plan_lines(pruned)) == ["- b  b"]
    assert list(plan_notes(pruned)) == []


def test_many_that_are_left_are_counted() -> None:
    (note,) = plan_notes(plan([], [stored(f"s{number:02}") for number in range(12)]))

    assert note.endswith("s08, s09 and 2 more")


def test_what_was_made_by_other_means_is_changed_but_not_marked() -> None:
    found = plan([form("a", name="new")], [stored("a", origin=None)])

    assert "metadata" not in found.change[0].wanted.form
    assert "never pruned" in next(plan_lines(found))


def test_what_another_origin_made_is_left_to_it() -> None:
    there = [stored("a", origin="elsewhere")]

    (problem,) = plan([form("a")], there).problems
    taken = plan([form("a")], there, take_over=True)

    assert str(problem).startswith("a.toml: the schedule 'a' was made from 'elsewhere'")
    assert [each.field for each in taken.change[0].differences] == ["metadata.appliedFrom"]


def test_the_mark_is_not_given_by_hand() -> None:
    (problem,) = plan([form("a", metadata={"appliedFrom": "x"})], []).problems

    assert str(problem).startswith("a.toml: metadata.appliedFrom: is set by this command")
    assert plan([form("a", metadata={"appliedFrom": "here"})], []).problems == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"nam": 1}, "a.toml: nam: is no field here"),
        ({"scheduleConfig": {}}, "a.toml: scheduleConfig: give exactly one of"),
        ({"metadata": 5}, "a.toml: metadata: "),
        ({"scheduleId": "b"}, "a.toml: scheduleId: is another one than id"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(more: dict[str, Any], told: str) -> None:
    (problem,) = plan([form("a", **more)], []).problems

    assert str(problem).startswith(told)


def test_names_give_no_orders_to_the_terminal() -> None:
    assert list(plan_lines(plan([form("a", name="\x1b[31m")], []))) == [
        '+ a  \\x1b[31m: echo, cron "@daily"'
    ]
