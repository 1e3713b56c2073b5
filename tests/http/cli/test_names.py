"""Names stand for ids where they are unambiguous; else it is said which ones could be meant."""

import json

import pytest
from command_line import CommandLine
from rest_client import RestClient

from quarterjack.http.cli import names
from quarterjack.http.cli.connection import client_of
from quarterjack.http.cli.failure import ClientError
from quarterjack.storage import ExecutionStatus
from quarterjack.storage.queries import ExecutionFilter

MANUAL = {"manual": True}


def make(rest: RestClient, key: str, name: str) -> None:
    """Make a schedule with that id."""
    made = {"id": key, "workflowId": "echo", "name": name, "scheduleConfig": MANUAL}
    done = CommandLine(rest.url)("import", "-", stdin=json.dumps(made).encode())
    assert done.exit_code == 0, done.stderr


def schedule(rest: RestClient, text: str) -> str:
    """What is found for a text."""
    with client_of(rest.url, None) as client:
        return names.schedule_id(client, text)


def execution(rest: RestClient, text: str, **wanted: object) -> str:
    """The same among executions."""
    with client_of(rest.url, None) as client:
        return names.execution_id(client, text, ExecutionFilter(**wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["nightly", "Nightly report", "nightly REPORT", "Nightly", "sch-n"]
)
def test_a_schedule_is_found_by_what_is_unambiguous(rest: RestClient, text: str) -> None:
    make(rest, "nightly", "Weekly")
    make(rest, "sch-night", "Nightly report")

    assert schedule(rest, text) == ("nightly" if text == "nightly" else "sch-night")


def test_the_exact_name_goes_before_those_that_begin_so(rest: RestClient) -> None:
    make(rest, "a", "Report of sales")
    make(rest, "b", "Report")
    make(rest, "c", "report")

    assert (schedule(rest, "Report"), schedule(rest, "report")) == ("b", "c")


def test_a_name_of_several_is_told_with_their_ids(rest: RestClient) -> None:
    make(rest, "a", "Report")
    make(rest, "b", "Report")

    with pytest.raises(ClientError) as refused:
        schedule(rest, "report")

    assert refused.value.exit_code == 2
    assert refused.value.message.splitlines() == [
        "'report' could be any of these; give the id:",
        "  a  Report",
        "  b  Report",
    ]


def test_what_many_begin_with_is_told_with_some_and_their_number(rest: RestClient) -> None:
    for number in range(12):
        rest.schedule("echo", MANUAL, name=f"Report {number}")

    with pytest.raises(ClientError, match=r"and 2 more$"):
        schedule(rest, "rep")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nighlty", "did you mean 'Nightly report' (night)?"),
        ("reprot", "did you mean 'Nightly report' (night)?"),
        ("nihgt", "did you mean 'Nightly report' (night)?"),
        ("something", "`quarterjack schedules` lists them"),
        ("%", "`quarterjack schedules` lists them"),
        ("..", "`quarterjack schedules` lists them"),
    ],
)
def test_an_unknown_schedule_is_told_with_what_looks_like_it(
    rest: RestClient, text: str, told: str
) -> None:
    make(rest, "night", "Nightly report")

    with pytest.raises(ClientError) as refused:
        schedule(rest, text)

    assert refused.value.exit_code == 3
    assert refused.value.message == f"there is no schedule {text!r}; {told}"


def test_a_workflow_is_found_and_guessed_likewise(rest: RestClient) -> None:
    with client_of(rest.url, None) as client:
        assert names.workflow_id(client, "ECHO") == names.workflow_id(client, "ec") == "echo"
        with pytest.raises(ClientError, match="no workflow 'ehco'; did you mean echo\\?"):
            names.workflow_id(client, "ehco")


def test_the_last_execution_is_the_newest_of_those_wanted(rest: RestClient) -> None:
    first, second = rest.run("echo"), rest.schedule("echo", MANUAL)
    rest.ended(first)
    third = rest.trigger(second)
    rest.ended(third)

    assert execution(rest, "last") == third
    assert execution(rest, "last", schedule_id=second) == third
    with pytest.raises(ClientError, match="there is no execution yet"):
        execution(rest, "last", status=ExecutionStatus.FAILED)


def test_an_execution_is_found_by_a_beginning_of_its_id_that_is_long_enough(
    rest: RestClient,
) -> None:
    key = rest.run("echo")

    assert execution(rest, key[:8]) == execution(rest, key[4:12]) == execution(rest, key) == key
    with pytest.raises(ClientError, match="at least the first 8 characters"):
        execution(rest, key[:7])
    with pytest.raises(ClientError, match="none of the newest 1,000 begins so"):
        execution(rest, "exe_00000000")
