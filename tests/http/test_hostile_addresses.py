"""Ids, names, cursors and limits that are wrong, in every call that takes one; paths to no file."""

import base64
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from one_of_each import address, one_of_each
from raw_http import answers, exchange
from rest_client import Answer, RestClient
from site_server import Site

from quarterjack.http.call import Call
from quarterjack.http.dashboard_files import DASHBOARD_FILES
from quarterjack.http.paging import cursor_of
from quarterjack.http.query import PageQuery
from quarterjack.http.routes import all_calls
from quarterjack.runtime import Workflow

UNKNOWN = "sch_0123456789abcdefghjk"
HOSTILE = {
    "other kind": "exe_0123456789abcdefghjk",
    "upwards": "..%2f..%2f..%2fetc%2fpasswd",
    "dots": "%2e%2e",
    "backslash": "..%5c..%5cx",
    "twice encoded": "%252e%252e%252f",
    "NUL": "sch_%00",
    "long": "x" * 4_000,
    "unicode": "%C3%A9%F0%9F%98%80",
    "right to left": "%E2%80%AEhcs",
    "zero width": "sch_%E2%80%8B",
    "no UTF-8": "%ff%fe",
    "a surrogate in UTF-8": "%ed%a0%80",
    "SQL": "%27%20OR%201%3D1--",
    "pattern": "%25",
    "line end": "a%0d%0ab",
    "number": "1",
}
NAMED = (
    "schedule_id",
    "execution_id",
    "backfill_id",
    "workflow_id",
    "token_id",
    "webhook_id",
    "step",
)
BY_ID = {
    call.name: call for call in all_calls() if any(f"{{{each}}}" in call.path for each in NAMED)
}
FOR_WHAT_IS_GONE = {"listScheduleAudit"}
"""What was done to a schedule outlives it."""
PLAIN_NAME = string.ascii_letters + string.digits + "_.-"
LISTS = {call.name: call for call in all_calls() if issubclass(call.query, PageQuery)}
LIMITS = [
    "",
    "0",
    "-1",
    "1000000000",
    "9" * 5_000,
    "1.5",
    "x",
    "NaN",
    "1e2",
    "null",
    "1%00",
    "1%27",
    "%ff",
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    echo = Workflow("echo")

    @echo.step
    def say() -> str:
        return "hello"

    with Site([echo]) as served:
        yield served


@pytest.fixture(scope="module")
def values(site: Site) -> dict[str, str]:
    return one_of_each(site.client)


def _send(client: RestClient, call: Call, values: dict[str, str], query: str = "") -> Answer:
    raw = None if call.method in ("GET", "DELETE") else b"{}"
    headers = {"Content-Type": "application/json"}
    return client.send(call.method, address(call, values) + query, raw, headers)


def _shape(answer: Answer) -> Any:
    """All but what repeats the id."""
    body = answer.body
    repeated = dict.fromkeys(body.keys() & {"detail", "key", "errors", "items"})
    return answer.status, answer.headers.keys(), {**body, **repeated}


@pytest.mark.parametrize("name", sorted(BY_ID.keys() - FOR_WHAT_IS_GONE))
def test_a_hostile_id_is_answered_like_an_unknown_one(
    site: Site, values: dict[str, str], name: str
) -> None:
    call = BY_ID[name]
    for key in (each for each in NAMED if f"{{{each}}}" in call.path):
        unknown = _shape(_send(site.client, call, {**values, key: UNKNOWN}))
        assert unknown[0] in (404, 422)
        for what, hostile in HOSTILE.items():
            assert _shape(_send(site.client, call, {**values, key: hostile})) == unknown, what


def test_what_was_done_is_asked_for_by_any_id(site: Site) -> None:
    found = {
        what: site.client.get(f"/api/schedules/{hostile}/audit").status
        for what, hostile in HOSTILE.items()
    }

    assert set(found.values()) <= {200, 404}, found


def test_a_hostile_name_is_refused_or_kept_to_the_letter(site: Site) -> None:
    headers = {"Content-Type": "application/json"}
    made = set()
    for name in HOSTILE.values():
        sent = site.client.send("POST", f"/api/events/{name}", b"{}", headers)
        put = site.client.send("PUT", f"/api/calendars/{name}", b'{"dates": []}', headers)
        assert sent.status in (202, 404, 422)
        assert put.status in (201, 404, 422)
        made |= {unquote(name)} if put.status == 201 else set()

    assert {each["name"] for each in site.client.get("/api/calendars").body["items"]} == made
    assert all(set(name) <= set(PLAIN_NAME) for name in made)
    assert ".." not in made, "no browser could ask for it"


def test_braces_are_no_part_of_any_address(site: Site) -> None:
    assert site.client.get("/api/schedules/%7B%7B7*7%7D%7D/workflow").status == 404


@pytest.mark.parametrize("name", LISTS)
def test_a_limit_that_is_none_is_refused_by_every_list(
    site: Site, values: dict[str, str], name: str
) -> None:
    for limit in LIMITS:
        answer = _send(site.client, LISTS[name], values, f"?limit={limit}")
        assert (answer.status, answer.fields) == (422, [["query", "limit"]]), limit


def _forged(call: Call) -> Iterator[str]:
    """Cursors: some with the list's own seal, around a key that it does not give."""
    yield from ("x", "%27%20OR%201%3D1--", "%ff", "%ed%a0%80", "A" * 900, "%00")
    yield base64.urlsafe_b64encode(b"[1,1]" * 20).decode().rstrip("=")
    keys: list[tuple[Any, ...]] = [("\ud800",), (1, "\udfff"), ("\ud800", "\ud800"), (2**63, "x")]
    keys += [(1, 2**63), (1, 1, "\ud800"), (None,), ([],), (1.5, "x"), ()]
    yield from (cursor_of(call.path.rpartition("/")[2], key) for key in keys)


@pytest.mark.parametrize("name", LISTS)
def test_a_forged_cursor_is_refused_by_every_list(
    site: Site, values: dict[str, str], name: str
) -> None:
    for cursor in _forged(LISTS[name]):
        answer = _send(site.client, LISTS[name], values, f"?cursor={cursor}")
        assert (answer.status, answer.fields) == (422, [["query", "cursor"]]), cursor


def test_a_cursor_of_one_list_is_refused_by_every_other(site: Site, values: dict[str, str]) -> None:
    given = {}
    for name, call in LISTS.items():
        following = _send(site.client, call, values, "?limit=1").body.get("nextCursor")
        if following is not None:
            given[name] = following

    assert len(given) >= 4
    for owner, cursor in given.items():
        for name, call in LISTS.items():
            status = _send(site.client, call, values, f"?cursor={cursor}").status
            assert status == (200 if name == owner else 422), f"{owner}'s at {name}"


PATHS = [
    b"/../../etc/passwd",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"//etc/passwd",
    b"/dashboard/../app.py",
    b"/dashboard/..%2fapp.py",
    b"/dashboard/%2e%2e/app.py",
    b"/dashboard/pages/..%2f..%2fapp.py",
    b"/dashboard/pages/../../app.py",
    b"/dashboard//etc/passwd",
    b"/dashboard/%2fetc%2fpasswd",
    b"/dashboard/..\\..\\x",
    b"/dashboard/..%5c..%5cx",
    b"/dashboard/app.js%00",
    b"/dashboard/%00",
    b"/dashboard/app.js.gz",
    b"/dashboard/app.js.br",
    b"/dashboard/app.js/",
    b"/dashboard/app.js~",
    b"/dashboard/APP.JS",
    b"/dashboard/",
    b"/dashboard",
    b"/dashboard/pages",
    b"/dashboard/__init__.py",
    b"/static/app.js",
    b"/.git/config",
    b"/q.db",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_to_a_file_but_those_of_the_dashboard(site: Site, path: bytes) -> None:
    request = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path

    (answer,) = answers(exchange(site.client.authority, request))

    assert answer.status in (400, 404)
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "range_",
    [
        "bytes=0-0",
        "bytes=0-,0-,0-,0-",
        "bytes=-1",
        "bytes=999999999-",
        "lines=1-2",
        "bytes=5-1",
        "x",
    ],
)
def test_a_range_gets_the_whole_file(site: Site, range_: str) -> None:
    answer = site.client.get("/dashboard/app.js", {"Range": range_})

    assert (answer.status, answer.raw) == (200, DASHBOARD_FILES["app.js"].body)
