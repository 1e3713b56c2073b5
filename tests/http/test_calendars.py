"""`/api/calendars`, call by call."""

import threading
from typing import Any
from urllib.parse import quote

import pytest
from icalendar_texts import a_day, a_text_of
from rest_client import Answer, RestClient

from quarterjack.runtime import calendar_reading

BANK = "/api/calendars/bank"
DATES = {"description": "Ours", "dates": ["2026-12-26", "2026-12-24/2026-12-25", "2027-01-01"]}
ICS = {"Content-Type": "text/calendar; charset=utf-8"}


def put_text(client: RestClient, raw: bytes, headers: dict[str, str] = ICS) -> Answer:
    return client.send("PUT", BANK, raw, headers)


def test_a_calendar_of_dates_is_made_read_changed_and_deleted(client: RestClient) -> None:
    made = client.put(BANK, DATES)
    read = client.get(BANK)
    changed = client.put(BANK, {"dates": ["2026-12-31"]})
    deleted = client.delete(BANK)

    assert (made.status, changed.status, deleted.status) == (201, 200, 204)
    assert made.body == read.body
    assert made.headers["etag"] == read.headers["etag"] == '"1"'
    assert made.body.pop("createdAt").endswith("Z")
    assert {name: made.body[name] for name in ("name", "description", "source", "dates")} == {
        "name": "bank",
        "description": "Ours",
        "source": "dates",
        "dates": ["2026-12-24/2026-12-26", "2027-01-01"],
    }
    assert made.body["since"] is made.body["through"] is None
    assert changed.headers["etag"] == '"2"'
    assert (changed.body["version"], changed.body["description"]) == (2, "")
    assert changed.body["dates"] == ["2026-12-31"]
    assert deleted.raw == b""
    assert client.get(BANK).status == 404
    assert client.delete(BANK).status == 404


def test_a_calendar_can_be_an_icalendar_file(client: RestClient) -> None:
    raw = a_text_of(
        a_day("20200501", "RRULE:FREQ=YEARLY"), head="X-WR-CALNAME:Holidays of Élan\r\n"
    )

    made = put_text(client, raw)

    assert made.status == 201
    assert made.body == client.get(BANK).body
    assert (made.body["source"], made.body["description"]) == ("icalendar", "Holidays of Élan")
    assert made.body["since"].endswith("-01-01")
    assert made.body["through"].endswith("-12-31")
    first, last = int(made.body["since"][:4]), int(made.body["through"][:4])
    assert made.body["dates"] == [f"{year}-05-01" for year in range(first, last + 1)]
    assert last - first == 12


def test_calendars_are_listed_by_name_without_their_days(client: RestClient) -> None:
    for name in ("c", "a", "b"):
        client.put(f"/api/calendars/{name}", {"dates": ["2026-12-25"]})

    first = client.get("/api/calendars?limit=2").body
    rest = client.get(f"/api/calendars?cursor={first['nextCursor']}").body

    assert [each["name"] for each in first["items"]] == ["a", "b"]
    assert [each["name"] for each in rest["items"]] == ["c"]
    assert rest["nextCursor"] is None
    assert set(rest["items"][0]) == set(client.get("/api/calendars/c").body) - {"dates"}
    assert client.get("/api/schedules?cursor=" + first["nextCursor"]).status == 422


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("tag", "status"),
    [('"1"', None), ("*", None), ('"7", "1"', None), ('"2"', 412), ('W/"1"', 412), ("1", 422)],
)
def test_a_change_is_made_only_to_the_version_seen(
    client: RestClient, method: str, tag: str, status: int | None
) -> None:
    client.put(BANK, DATES)
    match = {"If-Match": tag}

    answer = (
        client.put(BANK, {"dates": []}, match) if method == "PUT" else client.delete(BANK, match)
    )

    assert answer.status == (status or (200 if method == "PUT" else 204))
    if status:
        assert client.get(BANK).body["version"] == 1


@pytest.mark.parametrize("tag", ['"1"', "*", '"1", "2"'])
def test_a_version_of_what_is_not_there_is_not_found(client: RestClient, tag: str) -> None:
    assert client.put(BANK, DATES, {"If-Match": tag}).status == 404
    assert client.get("/api/calendars").body["items"] == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, [["dates"]]),
        ({"dates": "2026-12-25"}, [["dates"]]),
        ({"dates": [20261225]}, [["dates", 0]]),
        ({"dates": ["2026-12-25", "xmas"]}, [["dates", 1]]),
        ({"dates": ["2026-02-30", "2026-01-02/2026-01-01"]}, [["dates", 0], ["dates", 1]]),
        ({"dates": ["2026-12-25"] * 5_001}, [["dates"]]),
        ({"dates": [], "weekdays": ["sun"]}, [["weekdays"]]),
        ({"dates": [], "description": "x" * 10_001}, [["description"]]),
        ([], [[]]),
    ],
)
def test_each_wrong_field_is_named(client: RestClient, body: Any, fields: list[Any]) -> None:
    answer = client.put(BANK, body)

    assert answer.status == 422
    assert answer.fields == fields
    assert client.get(BANK).status == 404


@pytest.mark.parametrize("name", ["bank holidays", "jours-fériés", "x" * 101])
def test_a_name_is_one_that_a_schedule_can_use(client: RestClient, name: str) -> None:
    address = f"/api/calendars/{quote(name)}"

    assert client.put(address, DATES).fields == [["name"]]
    assert client.get(address).status == 404
    assert client.delete(address).status == 404


@pytest.mark.parametrize(
    ("raw", "headers", "status", "told"),
    [
        pytest.param(b"hello", ICS, 422, "line 1: 'hello' is no content line", id="broken"),
        pytest.param(
            a_text_of(a_day("20260101", "RRULE:FREQ=SECONDLY")),
            ICS,
            422,
            "the event 'Feast' (line 4) repeats SECONDLY",
            id="bomb",
        ),
        pytest.param(b"", ICS, 400, "empty", id="empty"),
        pytest.param(b"x" * (2**20 + 1), ICS, 413, "at most 1,048,576 bytes", id="large"),
        pytest.param(
            b"x",
            {"Content-Type": "text/plain"},
            415,
            "application/json or text/calendar",
            id="type",
        ),
        pytest.param(
            b"x", {"Content-Type": "text/calendar; charset=latin-1"}, 415, "UTF-8", id="charset"
        ),
        pytest.param(
            a_text_of(), {"Content-Type": "application/json"}, 400, "not JSON", id="said to be JSON"
        ),
    ],
)
def test_a_file_that_can_not_be_taken_is_told_why(
    client: RestClient, raw: bytes, headers: dict[str, str], status: int, told: str
) -> None:
    answer = put_text(client, raw, headers)

    assert answer.status == status
    assert told in answer.body["detail"]
    assert client.get("/api/calendars").body["items"] == []


def test_an_icalendar_file_is_taken_nowhere_else(client: RestClient) -> None:
    answer = client.send("POST", "/api/schedules/workflows", a_text_of(), ICS)

    assert answer.status == 415
    assert answer.headers["accept"] == "application/json"


def test_unknown_parameters_are_refused(client: RestClient) -> None:
    assert client.put(f"{BANK}?x=1", DATES).fields == [["query", "x"]]
    assert client.get("/api/calendars?q=1").fields == [["query", "q"]]


def test_schedules_use_calendars_that_exist_and_they_stay(client: RestClient) -> None:
    config = {"cron": "0 12 * * *", "exclude": ["2026-01-01", "calendar:bank"]}
    draft = {"workflowId": "echo", "name": "test", "scheduleConfig": config}
    refused = client.post("/api/schedules/workflows", draft)
    client.put(BANK, {"dates": ["0001-01-01/9999-12-31"]})
    key = client.schedule("echo", config)
    in_use = client.delete(BANK)

    assert refused.status == 422
    assert refused.fields == [["scheduleConfig", "exclude", 1]]
    assert in_use.status == 409
    assert in_use.body["type"].endswith(":calendar-in-use")
    assert key in in_use.body["detail"]

    status = client.get(f"/api/schedules/{key}/status").body
    assert (status["scheduleStatus"], status["nextExecution"]) == ("active", None)
    assert client.get(f"/api/schedules/{key}/upcoming").body["items"] == []

    client.put(BANK, {"dates": []})
    status = client.get(f"/api/schedules/{key}/status").body
    assert [status["nextExecution"]] == (
        client.get(f"/api/schedules/{key}/upcoming?count=1").body["items"]
    )

    changed = client.put(
        f"/api/schedules/{key}/workflow", {"scheduleConfig": {"exclude": ["calendar:gone"]}}
    )
    assert changed.fields == [["scheduleConfig", "exclude", 0]]
    client.put(f"/api/schedules/{key}/workflow", {"scheduleConfig": {"exclude": []}})
    assert client.delete(BANK).status == 204


def test_the_server_goes_on_while_a_file_is_read(client: RestClient) -> None:
    answers: list[Answer] = []
    put = threading.Thread(
        target=lambda: answers.append(put_text(client, a_text_of(a_day("20260101"))))
    )

    with calendar_reading._TURN:  # as if another file were being read
        put.start()
        for _ in range(20):
            assert client.get("/api/calendars").status == 200
        assert answers == []
    put.join(20)

    assert [answer.status for answer in answers] == [201]
