"""Names of events, and what a schedule wants of their payloads."""

from typing import Any

import pytest
from pydantic import ValidationError

from quarterjack.storage import ScheduleConfig, WorkflowId
from quarterjack.storage.event_filters import matches
from quarterjack.storage.event_names import (
    awaited_as,
    awaited_problem,
    name_of_end,
    reserved_problem,
    watched_workflow,
)
from quarterjack.storage.statuses import FINAL, ExecutionStatus


@pytest.mark.parametrize(
    ("name", "sent", "awaited", "watched"),
    [
        ("uploaded", True, True, None),
        ("workflow", True, True, None),
        ("workflows.done", True, True, None),
        ("Workflow.failed:x", True, True, None),
        ("workflow.succeeded:daily-report", False, True, "daily-report"),
        ("workflow.failed:a.b_c-d", False, True, "a.b_c-d"),
        ("workflow.failed:*", False, True, None),
        ("workflow.cancelled:x", False, False, None),
        ("workflow.failed:", False, False, None),
        ("workflow.failed:a*", False, False, None),
        ("workflow.failed:a\n", False, False, None),
        ("workflow.", False, False, None),
    ],
)
def test_who_may_use_a_name(name: str, *, sent: bool, awaited: bool, watched: str | None) -> None:
    assert (reserved_problem(name) is None) == sent
    assert (awaited_problem(name) is None) == awaited
    assert watched_workflow(name) == watched


def test_every_end_has_its_name_or_none() -> None:
    names = {status: name_of_end(WorkflowId("w"), status) for status in FINAL}

    assert names == {
        ExecutionStatus.SUCCEEDED: "workflow.succeeded:w",
        ExecutionStatus.FAILED: "workflow.failed:w",
        ExecutionStatus.TIMED_OUT: "workflow.failed:w",
        ExecutionStatus.CANCELLED: None,
        ExecutionStatus.SKIPPED: None,
    }
    assert awaited_as("workflow.succeeded:w") == ("workflow.succeeded:w", "workflow.succeeded:*")
    assert awaited_as("uploaded") == ("uploaded",)


@pytest.mark.parametrize(
    ("wanted", "payload", "found"),
    [
        (None, None, True),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": False}, {"a": False}, True),
        ({"a": 0}, {"a": None}, False),
        ({"a": None}, {"a": None}, True),
        ({"a": None}, {}, False),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": [1, "x"]}, {"a": "x"}, True),
        ({"a": [1, "x"]}, {"a": "y"}, False),
        ({"a": 1}, {"a": [1]}, False),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, False),
        ({"a.b": 1}, {"a": {"b": 1}}, True),
        ({"a.b": 1}, {"a.b": 1}, False),
        ({"a.b": 1}, {"a": [1]}, False),
        ({"a": 1}, None, False),
        ({"a": 1}, [1], False),
        ({"a": 1}, "a", False),
        ({"ä": "é"}, {"ä": "é"}, True),
    ],
)
def test_a_filter_compares_as_json_does(
    wanted: dict[str, Any] | None, payload: object, *, found: bool
) -> None:
    assert matches(wanted, payload) is found


@pytest.mark.parametrize(
    "given",
    [
        {},
        [],
        "a",
        {"": 1},
        {"a..b": 1},
        {".a": 1},
        {"a": {}},
        {"a": []},
        {"a": [[1]]},
        {"a": [{}]},
        {"a": float("inf")},
        {"a": 2**64},
        {"a": "x" * 1_001},
        {"a": list(range(101))},
        {"x" * 201: 1},
        {f"f{number}": 1 for number in range(21)},
        {1: 1},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(given: object) -> None:
    with pytest.raises(ValidationError) as refused:
        ScheduleConfig.model_validate({"event": "x", "eventFilter": given})

    assert [error["loc"] for error in refused.value.errors()] == [("eventFilter",)]


def test_a_filter_is_kept_as_it_was_given() -> None:
    given = {"a": 1, "b.c": ["x", None, True, 1.5]}
    config = ScheduleConfig.model_validate({"event": "x", "eventFilter": given})

    assert config.event_filter == given
    again = ScheduleConfig.model_validate(config.model_dump(mode="json"))
    assert again == config
