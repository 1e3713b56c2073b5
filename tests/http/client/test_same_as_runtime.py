"""A program can have a client where it had a runtime: same calls, same parameters, same errors."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from quarterjack.http import Client
from quarterjack.http.client import (
    access_calls,
    bulk_calls,
    execution_calls,
    maintenance_calls,
    schedule_calls,
    server_calls,
    statistics_calls,
    webhook_calls,
)
from quarterjack.http.client.call_table import CALLS, Row
from quarterjack.http.client.request import Wanted
from quarterjack.http.routes import all_calls
from quarterjack.runtime import Runtime

ONLY_A_RUNTIME_S = {
    # Its life, which is the server's here.
    "initialize", "start", "stop", "takes_no_writes", "drain", "serve_on_this_loop", "on_failure",
    # What a server needs of it.
    "last_seq", "watch_tree", "standing",
    "clock", "ids", "collector", "delivered", "listen", "unlisten", "forget", "export_page", "begin_import",
    "authenticate", "has_tokens", "is_valid_token", "watch_token", "record_audit",
    "backup",  # into a file of the server's machine
    "reserve_request", "keep_answer", "forget_request", "executions_of_backfill",
    "workflow_of_schedule", "workflow_of_execution", "workflow_of_backfill",
}  # fmt: skip
ONLY_A_CLIENT_S = {
    "url", "close", "watch",
    # What a runtime has as data.
    "list_workflows", "get_workflow",
    # Stored events in pages, where a runtime has `events`.
    "list_events",
    "cron", "session", "export_lines", "import_lines", "backup_pieces",
    "list_schedule_audit",
}  # fmt: skip
ANSWERS = {call.name: call.answer for call in all_calls()}
OTHERWISE = {"events"}  # a runtime's are the stored ones
THE_SERVER_S = {
    "schedule_id", "execution_id", "new_execution_id", "backfill_id", "sender",
    "within",
}  # fmt: skip
"""What only who has the runtime may choose, by keyword: ids of what is made, and for whom."""
NOT_CALLED = {
    "connect",  # by the feed
    "getDashboard",
    "getDashboardFile",
    "getDashboardModule",
    "getDescription",
    "getMetrics",
    "listScheduleExecutions",  # an `ExecutionFilter` does
    "listWorkflowSchedules",  # a `ScheduleFilter` does
    "scheduleWorkflow",  # the draft names the workflow
}


def public(kind: type) -> dict[str, Any]:
    """What users may call."""
    return {
        name: getattr(kind, name)
        for each in kind.__mro__
        for name in vars(each)
        if not name.startswith("_")
    }


def parameters(call: Callable[..., Any]) -> list[tuple[str, object, object]]:
    found = inspect.signature(call).parameters.values()
    return [
        (each.name, each.kind, each.default)
        for each in found
        if each.kind is not inspect.Parameter.KEYWORD_ONLY or each.name not in THE_SERVER_S
    ]


def test_a_client_has_every_call_of_a_runtime() -> None:
    assert public(Runtime).keys() - public(Client).keys() == ONLY_A_RUNTIME_S
    assert public(Client).keys() - public(Runtime).keys() == ONLY_A_CLIENT_S


@pytest.mark.parametrize(
    "name", sorted((public(Runtime).keys() & public(Client).keys()) - OTHERWISE)
)
def test_a_call_has_the_parameters_that_a_runtime_s_has(name: str) -> None:
    assert parameters(getattr(Client, name)) == parameters(getattr(Runtime, name))


def test_what_differs_is_still_different() -> None:
    same = [
        name
        for name in OTHERWISE
        if parameters(getattr(Client, name)) == parameters(getattr(Runtime, name))
    ]
    assert same == []


class Recorded(Client):
    """Notes which calls of the table are made, with which shapes."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.shapes: dict[str, Any] = {}

    def _ask(self, shape: Any, wanted: Wanted) -> Any:
        self.shapes[wanted.name] = shape
        return super()._ask(shape, wanted)

    def _list(self, shape: Any, wanted: Wanted, page: Any) -> Any:
        self.shapes[wanted.name] = ANSWERS[wanted.name]
        assert ANSWERS[wanted.name].model_fields["items"].annotation == list[shape]
        return super()._list(shape, wanted, page)

    def _tell(self, wanted: Wanted) -> Any:
        self.shapes[wanted.name] = ANSWERS[wanted.name]
        return super()._tell(wanted)

    def _lines(self, wanted: Wanted) -> Any:
        self.shapes[wanted.name] = None
        return super()._lines(wanted)

    def _pieces(self, wanted: Wanted) -> Any:
        self.shapes[wanted.name] = None
        return super()._pieces(wanted)


def every_call(client: Client) -> None:
    """Make each call of the client that asks the server."""
    modules = (
        access_calls,
        bulk_calls,
        execution_calls,
        maintenance_calls,
        schedule_calls,
        server_calls,
        statistics_calls,
        webhook_calls,
    )
    kinds = [value for module in modules for value in vars(module).values()]
    for kind in kinds:
        if (
            isinstance(kind, type)
            and issubclass(Client, kind)
            and kind.__module__.endswith("calls")
        ):
            for name, call in vars(kind).items():
                if not name.startswith("_"):
                    _make(getattr(client, name), call)


def _make(bound: Callable[..., Any], call: Callable[..., Any]) -> None:
    given: dict[str, Any] = {name: {} for name in ("draft", "changes", "request", "given")}
    given |= {"forms": [], "lines": b"", "older_than": timedelta(days=1)}
    needed = [
        each.name
        for each in list(inspect.signature(call).parameters.values())[1:]
        if each.default is inspect.Parameter.empty
    ]
    more: dict[str, Any] = {"dates": []} if call.__name__ == "put_calendar" else {}
    bound(**{name: given.get(name, "x") for name in needed}, **more)


def test_each_answer_is_read_in_the_shape_in_which_the_server_writes_it() -> None:
    with Recorded() as client:
        every_call(client)

    assert {name: ANSWERS[name] for name in client.shapes} == client.shapes
    assert ANSWERS.keys() - client.shapes.keys() == NOT_CALLED


def test_a_client_makes_each_call_as_the_server_s_table_has_it() -> None:
    rows = {each.name: Row(each.method, each.path, each.takes_key) for each in all_calls()}
    assert rows == CALLS
