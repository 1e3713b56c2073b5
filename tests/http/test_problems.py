"""Errors as problem details, by one table."""

import json
from collections.abc import Iterator

import pytest

from quarterjack.http.problems import KINDS, of_error
from quarterjack.storage import NotPlainData, QuarterjackError, StorageUnavailable


def _subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


NOT_OF_REQUESTS = {
    "BadOption",
    "DatabaseError",
    "DatabaseInUse",
    "DatabaseMoved",
    "FrameError",
    "GraphError",
    "Pruned",
    "RequestError",
    "StorageFailed",
    "WorkflowDefinitionError",
    "WorkflowsNotLoaded",
}
"""Errors that end a start, a definition or a frame, and never reach an answer."""


def test_every_error_of_ours_has_its_answer() -> None:
    ours = {
        kind
        for kind in _subclasses(QuarterjackError)
        if kind.__module__.startswith(("quarterjack.storage", "quarterjack.http"))
        and not kind.__module__.startswith("quarterjack.http.client.")
        and kind.__name__ not in NOT_OF_REQUESTS
    }

    assert ours <= set(KINDS)


def test_what_nobody_expected_is_500_and_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    answer = of_error(ZeroDivisionError("secret"))

    assert answer.status == 500
    assert isinstance(answer.body, bytes)
    assert "secret" not in answer.body.decode()
    assert json.loads(answer.body)["type"] == "urn:quarterjack:problem:internal-error"
    assert "secret" in caplog.text


def test_an_error_without_a_message_is_told_by_its_own_sentence() -> None:
    answer = of_error(StorageUnavailable())

    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["detail"].startswith("The database takes no writes")


def test_a_value_that_is_not_plain_data_is_named() -> None:
    answer = of_error(NotPlainData("params.a", "a set is not plain data"))

    assert isinstance(answer.body, bytes)
    assert answer.status == 422
    assert json.loads(answer.body)["errors"] == [
        {"loc": ["params.a"], "msg": "a set is not plain data"}
    ]
