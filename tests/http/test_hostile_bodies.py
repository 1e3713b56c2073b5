"""Every call that takes a body × every kind of body that is wrong: a new call is in by itself.

None is 500, each answer is problem details, and nothing comes of it.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from one_of_each import address, one_of_each
from rest_client import RestClient
from site_server import Site

from quarterjack.http.call import Call
from quarterjack.http.intake import JsonBody
from quarterjack.http.problems import MEDIA_TYPE as PROBLEM
from quarterjack.http.protocol import JSON as JSON_TYPE
from quarterjack.http.protocol import NDJSON as NDJSON_TYPE
from quarterjack.http.routes import all_calls
from quarterjack.runtime import Workflow

JSON = {"Content-Type": JSON_TYPE}
CALLS = {call.name: call for call in all_calls() if JSON_TYPE in call.intake.media}
BAD: dict[str, tuple[bytes, dict[str, str], int]] = {
    "broken JSON": (b"{", JSON, 400),
    "NaN": (b'{"a": NaN}', JSON, 400),
    "minus infinity": (b'{"a": -Infinity}', JSON, 400),
    "byte order mark": (b"\xef\xbb\xbf{}", JSON, 400),
    "no UTF-8": (b'{"name": "\xff"}', JSON, 400),
    "UTF-16": ("{}".encode("utf-16"), JSON, 400),
    "NUL": (b"\0", JSON, 400),
    "two values": (b"{}{}", JSON, 400),
    "array": (b"[]", JSON, 422),
    "null": (b"null", JSON, 422),
    "text": (b'"x"', JSON, 422),
    "number": (b"1", JSON, 422),
    "doubled key": (b'{"name": "a", "name": "b"}', JSON, 422),
    "lone surrogate": (b'{"name": "\\ud800"}', JSON, 422),
    "surrogate as a key": (b'{"\\udfff": 1}', JSON, 422),
    "depth 100,000": (b'{"a":' * 100_000, JSON, 422),
    "number of 5,000 digits": (b'{"a": ' + b"9" * 5_000 + b"}", JSON, 422),
    "over the limit": (b'{"a": "' + b"x" * 1_100_000 + b'"}', JSON, 413),
    "no type": (b"{}", {}, 415),
    "wrong type": (b"{}", {"Content-Type": "text/plain"}, 415),
    "form": (b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "other charset": (b"{}", {"Content-Type": "application/json; charset=latin-1"}, 415),
    "unknown charset": (b"{}", {"Content-Type": "application/json; charset=nonsense"}, 415),
    "gzip": (b"{}", {**JSON, "Content-Encoding": "gzip"}, 415),
    "unknown encoding": (b"{}", {**JSON, "Content-Encoding": "nonsense"}, 415),
}
SET_BY_THE_SERVER = {
    "id": "sch_x",
    "version": 3,
    "createdAt": "2026-01-01T00:00:00Z",
    "trigger": "cron",
    "status": "succeeded",
    "role": "admin",
    "__proto__": {"role": "admin"},
}


@pytest.fixture(scope="module")
def house() -> Iterator[tuple[RestClient, dict[str, str]]]:
    echo = Workflow("echo")

    @echo.step
    def say() -> str:
        return "hello"

    with Site([echo]) as site:
        client = site.client
        values = one_of_each(client)
        before = _things(client)
        yield client, values
        assert _things(client) == before, "something was made, changed or deleted"


def _things(client: RestClient) -> dict[str, Any]:
    """All that a call could have changed; without what goes on by itself."""
    names = ("schedules", "calendars", "webhooks", "tokens")
    found: dict[str, Any] = {each: client.get(f"/api/{each}").body["items"] for each in names}
    executions = client.get("/api/executions?limit=500").body["items"]
    return {**found, "executions": sorted(each["id"] for each in executions)}


def _send(
    house: tuple[RestClient, dict[str, str]], call: Call, raw: bytes, headers: dict[str, str]
) -> Any:
    client, values = house
    answer = client.send(call.method, address(call, values), raw, headers)
    assert answer.headers["content-type"].startswith(PROBLEM), answer
    assert answer.body["status"] == answer.status
    return answer


@pytest.mark.parametrize("name", CALLS)
def test_no_call_takes_a_body_that_is_wrong(
    house: tuple[RestClient, dict[str, str]], name: str
) -> None:
    found = {
        what: _send(house, CALLS[name], raw, headers).status
        for what, (raw, headers, _) in BAD.items()
    }

    assert found == {what: status for what, (_, _, status) in BAD.items()}


@pytest.mark.parametrize(
    "name", [name for name, call in CALLS.items() if not isinstance(call.intake, JsonBody)]
)
def test_where_a_body_is_needed_none_is_refused(
    house: tuple[RestClient, dict[str, str]], name: str
) -> None:
    assert _send(house, CALLS[name], b"", JSON).status == 400


@pytest.mark.parametrize("name", CALLS)
def test_nobody_sets_what_the_server_sets(
    house: tuple[RestClient, dict[str, str]], name: str
) -> None:
    shape = CALLS[name].intake.media[JSON_TYPE]
    assert shape is not None
    own = {field.alias or key for key, field in shape.model_fields.items()}
    given = {key: value for key, value in SET_BY_THE_SERVER.items() if key not in own}
    found = {}
    for key, value in given.items():
        raw = json.dumps({key: value}).encode()
        answer = _send(house, CALLS[name], raw, JSON)
        found[key] = (answer.status, [key] in answer.fields)

    assert found == dict.fromkeys(given, (422, True))


TEXTS = [
    "<img src=x onerror=document.title='xss'>",
    "\u202eright to left",
    "zero\u200bwidth",
    "{{7*7}} ${7*7} %(name)s {0}",
    "'; DROP TABLE schedules; --",
    "line\r\nX-Forged: yes",
    "NUL \0 inside",
    "__proto__",
    "\U0001f600" * 50,
    "$(id) `id` | id",
    "../../etc/passwd",
    "=1+1",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_text_is_kept_to_the_letter(
    house: tuple[RestClient, dict[str, str]], text: str
) -> None:
    client, _ = house
    draft = {
        "workflowId": "echo",
        "name": text,
        "description": text,
        "scheduleConfig": {"manual": True},
        "metadata": {text: text},
    }

    made = client.post("/api/schedules/workflows", draft)

    assert made.status == 201, made.raw
    at = f"/api/schedules/{made.body['id']}/workflow"
    found = client.get(at).body
    assert client.delete(at).status == 204
    assert {key: found[key] for key in draft if key != "scheduleConfig"} == {
        key: value for key, value in draft.items() if key != "scheduleConfig"
    }


LINES = [raw for raw, headers, _ in BAD.values() if headers is JSON and len(raw) < 1_000_000]


def test_a_wrong_line_of_an_import_is_named_and_the_others_are_not(
    house: tuple[RestClient, dict[str, str]],
) -> None:
    client, _ = house
    body = b"\n".join(LINES)

    answer = client.send(
        "POST", "/api/schedules/import?dryRun=true", body, {"Content-Type": NDJSON_TYPE}
    )

    assert answer.status == 200, answer.raw
    assert answer.body["created"] == 0
    assert [each["line"] for each in answer.body["errors"]] == list(range(1, len(LINES) + 1))
