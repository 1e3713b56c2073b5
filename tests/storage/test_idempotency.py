"""A request with a key is reserved once, and its answer given again for a day."""

from datetime import timedelta
from typing import Any

import pytest
from sample import NOW, an_execution

from quarterjack.storage import AlreadyExists, IdempotencyConflict
from quarterjack.storage.database import Writer
from quarterjack.storage.idempotency_changes import (
    KEPT,
    ForgetRequest,
    KeepAnswer,
    RequestKey,
    Reservation,
    ReserveRequest,
    StoredAnswer,
)
from quarterjack.storage.journal import Journal
from quarterjack.storage.schedule_changes import RecordRun

REQUEST = RequestKey("tok_1", "POST", "/api/workflows/echo/run", "k")
ANSWER = StoredAnswer(202, {"Content-Type": "application/json"}, b'{"executionId": "exe_1"}')


def outcome(journal: Journal, change: Any) -> Any:
    found = journal.commit([change]).outcomes[0]
    if isinstance(found, BaseException):
        raise found
    return found


def reserve(
    journal: Journal,
    planned: str,
    request: RequestKey = REQUEST,
    digest: bytes = b"d",
    after: timedelta = timedelta(0),
) -> Reservation:
    made: Reservation = outcome(journal, ReserveRequest(request, digest, planned, NOW + after))
    return made


def test_the_same_request_finds_the_id_that_was_planned_first(journal: Journal) -> None:
    assert reserve(journal, "exe_1") == Reservation("exe_1", True, None)
    assert reserve(journal, "exe_2") == Reservation("exe_1", False, None)


def test_the_same_request_finds_the_answer_to_the_byte(journal: Journal) -> None:
    reserve(journal, "exe_1")
    outcome(journal, KeepAnswer(REQUEST, ANSWER))

    assert reserve(journal, "exe_2") == Reservation("exe_1", False, ANSWER)


def test_another_body_under_the_same_key_is_refused(journal: Journal) -> None:
    reserve(journal, "exe_1")

    with pytest.raises(IdempotencyConflict, match="'k'"):
        reserve(journal, "exe_2", digest=b"other")


@pytest.mark.parametrize(
    "other",
    [
        REQUEST._replace(caller="tok_2"),
        REQUEST._replace(path="/api/workflows/gated/run"),
        REQUEST._replace(key="l"),
        REQUEST._replace(method="PUT"),
    ],
)
def test_a_key_is_of_one_caller_and_one_call(journal: Journal, other: RequestKey) -> None:
    reserve(journal, "exe_1")

    assert reserve(journal, "exe_2", other, b"other") == Reservation("exe_2", True, None)


def test_a_request_given_back_can_be_made_anew(journal: Journal) -> None:
    reserve(journal, "exe_1")

    outcome(journal, ForgetRequest(REQUEST))

    assert reserve(journal, "exe_2", digest=b"other").planned_id == "exe_2"


def test_a_request_is_forgotten_after_a_day(journal: Journal, writer: Writer) -> None:
    reserve(journal, "exe_1")
    reserve(journal, "exe_2", REQUEST._replace(key="l"))

    just_before = reserve(journal, "exe_3", after=KEPT)
    later = reserve(journal, "exe_4", after=KEPT + timedelta(microseconds=1))

    assert (just_before.planned_id, later) == ("exe_1", Reservation("exe_4", True, None))
    rows = writer.connection.execute("SELECT key FROM idempotent_requests").fetchall()
    assert rows == [("k",)]


def test_an_execution_whose_id_was_given_is_recorded_once(journal: Journal) -> None:
    change = RecordRun(an_execution("exe_1", schedule_id=None), [], is_id_given=True)
    outcome(journal, change)

    with pytest.raises(AlreadyExists, match="exe_1"):
        outcome(journal, change)
