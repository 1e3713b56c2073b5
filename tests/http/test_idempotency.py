"""`Idempotency-Key`: a request that is repeated is carried out once, and answered to the byte alike."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bearer import Bearer
from rest_client import Answer, RestClient
from site_server import Site

from quarterjack.actors.messages import Commit
from quarterjack.runtime import Workflow
from quarterjack.storage.idempotency_changes import RequestKey

RUN = "/api/workflows/echo/run"
KEY = {"Idempotency-Key": "k"}
REPLAYED = "idempotent-replayed"
SPAN = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-03T00:00:00Z"}
DRAFT = {"workflowId": "echo", "name": "n", "scheduleConfig": {"cron": "0 0 * * *"}}
Ask = Callable[[RestClient], tuple[str, Any]]


def _create(_: RestClient) -> tuple[str, Any]:
    return "/api/schedules/workflows", DRAFT


def _schedule(_: RestClient) -> tuple[str, Any]:
    draft = {name: value for name, value in DRAFT.items() if name != "workflowId"}
    return "/api/workflows/echo/schedule", draft


def _run(_: RestClient) -> tuple[str, Any]:
    return RUN, {"params": {"text": "hi"}}


def _trigger(client: RestClient) -> tuple[str, Any]:
    return f"/api/schedules/{client.schedule('echo', {'manual': True})}/trigger", None


def _retry(client: RestClient) -> tuple[str, Any]:
    failed = client.run("fails")
    client.ended(failed)
    return f"/api/executions/{failed}/retry", None


def _backfill(client: RestClient) -> tuple[str, Any]:
    return f"/api/schedules/{client.schedule('echo', {'cron': '0 0 * * *'})}/backfill", SPAN


EVERY: list[tuple[Ask, str]] = [
    (_create, "sch"),
    (_schedule, "sch"),
    (_run, "exe"),
    (_trigger, "exe"),
    (_retry, "exe"),
    (_backfill, "bkf"),
]


def things(client: RestClient) -> tuple[int, int]:
    """How many schedules and executions there are."""
    return tuple(
        len(client.get(f"/api/{name}?limit=500").body["items"])
        for name in ("schedules", "executions")
    )  # type: ignore[return-value]


def same(first: Answer, second: Answer) -> None:
    """The second is the first again."""
    assert first.status in (201, 202), first.raw
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"
    assert (second.status, second.raw) == (first.status, first.raw)
    for name in ("content-type", "location", "etag"):
        assert second.headers.get(name) == first.headers.get(name)


@pytest.mark.parametrize("ask", [each for each, _ in EVERY])
def test_a_repetition_gets_the_same_answer_and_does_nothing(client: RestClient, ask: Ask) -> None:
    path, body = ask(client)
    first = client.post(path, body, KEY)
    there = things(client)

    again = client.post(path, body, KEY)

    same(first, again)
    assert things(client) == there
    assert client.post(path, body).raw != first.raw, "without the key it is another request"


@pytest.mark.parametrize(("ask", "prefix"), EVERY)
@pytest.mark.parametrize("was_made", [True, False])
def test_what_was_reserved_before_a_crash_is_found_or_done_with_the_planned_id(
    site: Site, ask: Ask, prefix: str, was_made: bool
) -> None:
    client = site.client
    path, body = ask(client)
    if was_made:
        made = client.post(path, body, KEY)
        site.run(_unanswered(site, path))
    else:
        sent = client.post(path, body)  # only to have its body: nothing has that key yet
        assert sent.status in (201, 202)
        planned = _reserved(site, path, body, prefix)
    there = things(client)

    again = client.post(path, body, KEY)

    if was_made:
        assert (again.status, again.raw) == (made.status, made.raw)
        assert again.headers[REPLAYED] == "true"
        assert things(client) == there
    else:
        assert again.status in (201, 202), again.raw
        assert planned.encode() in again.raw
        assert REPLAYED not in again.headers
        same(again, client.post(path, body, KEY))


async def _unanswered(site: Site, path: str) -> None:
    """As if the server had been killed after the work, before the answer was stored."""
    assembly = site.runtime._assembly
    assert assembly is not None

    class Forget:
        def apply(self, transaction: Any) -> None:
            transaction._flush()
            transaction._connection.execute(
                "UPDATE idempotent_requests SET status = NULL, answer = NULL WHERE path = ?",
                (path,),
            )
            transaction.writes += 1

    await assembly.cast.state.ask(Commit(Forget()))


def _reserved(site: Site, path: str, body: Any, prefix: str) -> str:
    """As if the server had been killed after the reservation, before the work."""
    raw = b"" if body is None else json.dumps(body).encode()
    name = RequestKey("", "POST", path, "k")
    reserved = site.runtime.reserve_request(name, hashlib.sha256(raw).digest(), prefix)
    return reserved.get(timeout=10).planned_id


def test_a_hundred_at_once_make_one_execution(client: RestClient) -> None:
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: client.post(RUN, None, KEY), range(100)))

    assert {each.status for each in answers} == {202}
    assert len({each.raw for each in answers}) == 1
    assert sum(REPLAYED not in each.headers for each in answers) == 1
    assert things(client) == (0, 1)


def test_another_body_under_the_same_key_is_refused(client: RestClient) -> None:
    client.post(RUN, {"params": {"text": "a"}}, KEY)

    other = client.post(RUN, {"params": {"text": "b"}}, KEY)

    assert other.status == 422
    assert other.body["type"] == "urn:quarterjack:problem:idempotency-conflict"
    assert things(client) == (0, 1)


def test_a_key_is_of_one_call(client: RestClient) -> None:
    first = client.post(RUN, None, KEY)
    other = client.post("/api/workflows/fails/run", None, KEY)

    assert (first.status, other.status) == (202, 202)
    assert first.body != other.body


def test_a_key_is_of_one_token(client: RestClient) -> None:
    made = client.post("/api/tokens", {"name": "a", "role": "admin"}).body["token"]
    one = Bearer(client.url, made)
    made = one.post("/api/tokens", {"name": "b", "role": "operator"}).body["token"]
    two = Bearer(client.url, made)

    answers = [each.post(RUN, None, KEY) for each in (one, two, one)]
    events = [each.post("/api/events/go", {"payload": n}, KEY) for n, each in enumerate((one, two))]

    assert answers[0].raw != answers[1].raw
    assert answers[0].raw == answers[2].raw
    assert [each.status for each in events] == [202, 202]
    assert one.post("/api/events/go", {"payload": 9}, KEY).status == 422


def test_a_wrong_request_gives_its_key_back(client: RestClient) -> None:
    assert client.post(RUN, {"priority": 99}, KEY).status == 422
    assert client.post(RUN, {"params": {"unknown": 1}}, KEY).status == 422

    assert client.post(RUN, None, KEY).status == 202


def test_a_conflict_is_an_answer_that_is_kept(client: RestClient) -> None:
    done = client.run("echo")
    client.ended(done)
    path = f"/api/executions/{done}/retry"  # it succeeded

    first, again = client.post(path, None, KEY), client.post(path, None, KEY)

    assert first.status == again.status == 409
    assert first.raw == again.raw
    assert again.headers[REPLAYED] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]


def test_a_refused_conflict_stays_one_when_it_would_not_be_any_more(
    client: RestClient, gate: Any
) -> None:
    key = client.schedule("gated", {"manual": True})
    client.trigger(key)
    path, body = f"/api/schedules/{key}/trigger", {"respectOverlap": True}
    assert client.post(path, body, KEY).status == 409

    gate.open()
    running = client.get("/api/executions").body["items"][0]["id"]
    client.ended(running)

    assert client.post(path, body, KEY).status == 409
    assert client.post(path, body, {"Idempotency-Key": "l"}).status == 202


def test_answers_are_kept_across_a_restart(tmp_path: Path) -> None:
    echo = Workflow("echo")

    @echo.step
    def say() -> str:
        return "hello"

    database = f"sqlite:///{tmp_path}/q.db"
    with Site([echo], database) as site:
        first = site.client.post(RUN, None, KEY)
        site.client.ended(first.body["executionId"])
    with Site([echo], database) as site:
        same(first, site.client.post(RUN, None, KEY))
        assert things(site.client) == (0, 1)


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 201])
def test_a_wrong_key_is_refused(client: RestClient, key: str) -> None:
    answer = client.post(RUN, None, {"Idempotency-Key": key})

    assert (answer.status, answer.fields) == (422, [["header", "Idempotency-Key"]])
    assert things(client) == (0, 0)
