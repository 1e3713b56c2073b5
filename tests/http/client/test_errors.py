"""What the server refuses is raised as what a runtime raises, with all that programs need of it."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from gate import Gate
from rest_client import RestClient

from quarterjack.actors.engine import Reply
from quarterjack.http import Client, Forbidden, Refused, ServerBusy, Unauthorized
from quarterjack.http.client.errors import Problem, refusal
from quarterjack.http.problems import KINDS
from quarterjack.runtime import (
    CalendarInUse,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    OverlapRefused,
    QuarterjackError,
)
from quarterjack.storage import IllegalTransition, StorageUnavailable, VersionConflict
from quarterjack.storage.backfill_changes import BackfillConflict

DRAFT = {"workflowId": "echo", "name": "A", "scheduleConfig": {"manual": True}}


def raised(reply: Reply[Any]) -> Any:
    with pytest.raises(QuarterjackError) as found:
        reply.get(timeout=20)
    return found.value


def test_what_is_not_there_is_named(remote: Client) -> None:
    error = raised(remote.get_schedule("nope"))

    assert isinstance(error, NotFound)
    assert isinstance(error, Refused)
    assert (error.kind, error.key, error.status) == ("schedule", "nope", 404)
    assert str(error) == "There is no schedule 'nope'; list them to see which exist."


def test_wrong_input_names_each_field(remote: Client) -> None:
    error = raised(remote.create_scheduled_workflow({"workflowId": "echo", "name": ""}))

    assert isinstance(error, InvalidInput)
    assert {each.loc for each in error.errors} == {("name",), ("scheduleConfig",)}


def test_an_older_version_is_not_changed(remote: Client) -> None:
    key = remote.create_scheduled_workflow(DRAFT).get(timeout=20)
    remote.update_scheduled_workflow(key, {"name": "B"}, version=1).get(timeout=20)

    errors = [
        raised(remote.update_scheduled_workflow(key, {"name": "C"}, version=1)),
        raised(remote.pause_schedule(key, version=1)),
        raised(remote.resume_schedule(key, version=1)),
        raised(remote.delete_scheduled_workflow(key, version=1)),
    ]

    assert {type(error).__mro__[2] for error in errors} == {VersionConflict}
    assert {(error.kind, error.key, error.expected, error.found) for error in errors} == {
        ("schedule", key, 1, 2)
    }


def test_a_state_that_does_not_allow_it_is_told(remote: Client) -> None:
    key = remote.run("echo").get(timeout=20)
    remote.wait_for(key).get(timeout=20)

    error = raised(remote.cancel_scheduled_execution(key))

    assert isinstance(error, IllegalTransition)
    assert (error.kind, error.key, error.current) == ("execution", key, "succeeded")


def test_the_execution_that_stands_in_the_way_is_named(remote: Client, gate: Gate) -> None:
    key = remote.create_scheduled_workflow({**DRAFT, "workflowId": "gated"}).get(timeout=20)
    first = remote.trigger_scheduled_execution(key).get(timeout=20)

    error = raised(remote.trigger_scheduled_execution(key, respect_overlap=True))

    assert isinstance(error, OverlapRefused)
    assert (error.schedule_id, error.blocked_by) == (key, first)
    gate.open()


def test_the_schedules_that_use_a_calendar_are_named(remote: Client) -> None:
    remote.put_calendar("holidays", dates=["2026-12-25"]).get(timeout=20)
    config = {"cron": "0 3 * * *", "exclude": ["calendar:holidays"]}
    key = remote.create_scheduled_workflow({**DRAFT, "scheduleConfig": config}).get(timeout=20)

    error = raised(remote.delete_calendar("holidays"))

    assert isinstance(error, CalendarInUse)
    assert (error.name, error.schedules) == ("holidays", [key])


def test_a_key_of_another_request_is_refused(remote: Client) -> None:
    remote.send_event("uploaded", 1, idempotency_key="a").get(timeout=20)

    assert isinstance(
        raised(remote.send_event("uploaded", 2, idempotency_key="a")), IdempotencyConflict
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get_schedule(""),
        lambda client: client.get_schedule(".."),
        lambda client: client.get_execution("\ud800"),
        lambda client: client.get_step_logs("x", "."),
    ],
)
def test_what_can_not_be_an_address_is_not_there(
    remote: Client, ask: Callable[[Client], Reply[Any]]
) -> None:
    assert isinstance(raised(ask(remote)), NotFound)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.run("echo", params={"text": {1, 2}}),
        lambda client: client.run("echo", priority=11),
        lambda client: client.send_event("a", object()),
        lambda client: client.send_event("a", idempotency_key="é"),
        lambda client: client.import_schedules([{"id": object()}]),
        lambda client: client.put_calendar("a"),
        lambda client: client.put_calendar("a", icalendar=b"x", description="mine"),
    ],
)
def test_what_can_not_be_sent_is_wrong_input(
    remote: Client, ask: Callable[[Client], Reply[Any]]
) -> None:
    assert isinstance(raised(ask(remote)), InvalidInput)


@pytest.mark.parametrize("kind", KINDS)
def test_every_problem_of_the_table_is_raised_as_the_error_that_it_tells(
    kind: type[Exception],
) -> None:
    row = KINDS[kind]

    error = refusal(Problem(row.status, row.name, row.title, "said"))

    assert isinstance(error, kind)
    assert isinstance(error, Refused)
    assert str(error) == "said"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthorized), (403, Forbidden), (429, ServerBusy), (503, ServerBusy), (418, Refused)],
)
def test_a_problem_that_is_not_in_the_table_is_known_by_its_status(
    status: int, kind: type[Refused]
) -> None:
    assert type(refusal(Problem(status, "new-one", "New", "said"))) is kind


def test_storage_that_takes_no_writes_is_a_busy_server() -> None:
    error = refusal(Problem(503, "storage-unavailable", "No", "full", retry_after=5.0))

    assert isinstance(error, StorageUnavailable)
    assert isinstance(error, ServerBusy)
    assert error.retry_after == 5.0


def test_an_error_can_be_sent_to_another_process() -> None:
    error: Any = refusal(Problem(404, "not-found", "No", "gone", members={"kind": "x", "key": "y"}))

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert type(copy) is type(error)
    assert (copy.kind, copy.key, str(copy)) == ("x", "y", "gone")


def test_a_conflict_without_members_can_be_raised() -> None:
    assert isinstance(refusal(Problem(409, "backfill-conflict", "No", "said")), BackfillConflict)


def test_the_members_are_in_the_problem(client: RestClient) -> None:
    body = client.get("/api/schedules/nope/workflow").body

    assert (body["kind"], body["key"]) == ("schedule", "nope")
