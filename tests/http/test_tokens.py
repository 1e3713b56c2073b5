"""Tokens over REST: none needed on this machine until there is one, and then by everybody."""

from pathlib import Path

import pytest
from bearer import Bearer
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http.failed_attempts import MOST, FailedAttempts


def made(client: RestClient, **body: object) -> Bearer:
    """A client with a new token."""
    answer = client.post("/api/tokens", {"name": "n", "role": "admin", **body})
    assert answer.status == 201, answer.raw
    return Bearer(client.url, answer.body["token"])


def test_without_tokens_everybody_here_may_do_everything(client: RestClient) -> None:
    assert client.get("/api/tokens").body == {"items": [], "nextCursor": None}
    assert client.get("/api/audit").status == 200
    assert client.run("echo")


def test_from_the_first_token_on_every_call_needs_one(client: RestClient) -> None:
    bearer = made(client)

    refused = client.get("/api/schedules")
    assert refused.status == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.body["type"] == "urn:quarterjack:problem:unauthenticated"
    assert client.get("/api/nothing").status == 401, "what there is is nobody's business"
    assert client.get("/healthz").status == client.get("/readyz").status == 200
    assert bearer.get("/api/schedules").status == 200
    assert bearer.get("/api/nothing").status == 404


def test_a_made_token_is_shown_once(client: RestClient) -> None:
    body = {"name": "ci", "role": "operator", "workflows": ["echo"], "expiresIn": "30d"}
    answer = client.post("/api/tokens", body)
    secret = answer.body["token"]

    assert answer.status == 201
    assert secret.startswith(answer.body["prefix"])
    assert answer.body["workflows"] == ["echo"]
    assert answer.body["expiresAt"] is not None
    assert client.get("/api/tokens").status == 401


def test_tokens_are_listed_without_their_text(client: RestClient) -> None:
    admin = made(client)
    other = made(admin, name="ci", role="viewer")

    found = admin.get("/api/tokens")

    assert [each["name"] for each in found.body["items"]] == ["n", "ci"]
    assert other.secret.encode() not in found.raw
    assert "token" not in found.body["items"][0]


def test_unknown_expired_and_revoked_tokens_are_refused_alike(site: Site) -> None:
    admin = made(site.client)
    revoked = made(admin)
    expired = made(admin, expiresIn="1ms")
    key = next(
        each["id"]
        for each in admin.get("/api/tokens").body["items"]
        if revoked.secret.startswith(each["prefix"])
    )
    assert revoked.get("/api/schedules").status == 200
    assert admin.delete(f"/api/tokens/{key}").status == 204
    eventually(lambda: site.runtime.authenticate(expired.secret) is None)

    unknown = Bearer(site.client.url, admin.secret[:-1] + "!")
    answers = [each.get("/api/schedules") for each in (revoked, expired, unknown, site.client)]

    assert {each.status for each in answers} == {401}
    assert len({each.raw for each in answers}) == 1
    assert len({tuple(sorted(each.headers)) for each in answers}) == 1


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "{}", "Token {}", "Bearer {} x", "bearer\t{}"]
)
def test_what_is_no_bearer_token_is_refused(client: RestClient, header: str) -> None:
    bearer = made(client)

    given = {"Authorization": header.format(bearer.secret)}

    assert client.get("/api/schedules", given).status == 401


def test_the_scheme_is_read_as_the_standard_says(client: RestClient) -> None:
    bearer = made(client)

    given = {"Authorization": f"bEARER {bearer.secret}"}

    assert client.get("/api/schedules", given).status == 200


def test_many_bad_tokens_are_held_up_and_good_ones_are_not(client: RestClient) -> None:
    good = made(client)
    bad = Bearer(client.url, "qj_guess")

    statuses = [bad.get("/api/schedules").status for _ in range(MOST + 3)]
    blocked = bad.get("/api/schedules")

    assert statuses == [401] * MOST + [429] * 3
    assert 1 <= int(blocked.headers["retry-after"]) <= 60
    assert good.get("/api/schedules").status == 200
    assert client.get("/api/schedules").status == 401, "no token is no bad token"


def test_an_address_may_try_again_when_its_window_is_over() -> None:
    now = 0.0
    attempts = FailedAttempts(lambda: now)
    assert [attempts.add("1.2.3.4") for _ in range(MOST)] == [None] * MOST
    assert attempts.add("1.2.3.4") == 60
    assert attempts.add("1.2.3.5") is None

    now = 59.0
    assert attempts.add("1.2.3.4") == 1
    now = 60.0
    assert attempts.add("1.2.3.4") is None


def test_a_customers_ipv6_addresses_count_together() -> None:
    attempts = FailedAttempts(lambda: 0.0)

    waits = [attempts.add(f"2001:db8::{number:x}") for number in range(MOST + 1)]

    assert waits[-1] is not None
    assert attempts.add("2001:db8:0:1::1") is None


def test_addresses_take_bounded_memory() -> None:
    attempts = FailedAttempts(lambda: 0.0)

    for number in range(30_000):
        attempts.add(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert len(attempts) <= 10_000


def test_a_wrong_token_is_refused_by_its_field(client: RestClient) -> None:
    answer = client.post("/api/tokens", {"name": "ci", "role": "root"})
    assert (answer.status, answer.fields) == (422, [["role"]])
    assert client.post("/api/tokens", {"name": "ci", "role": "admin", "id": "x"}).status == 422
    assert client.get("/api/tokens").status == 200, "none was made"


def test_an_unknown_token_cannot_be_revoked(client: RestClient) -> None:
    assert client.delete("/api/tokens/tok_nope").status == 404


def test_no_token_is_written_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with Site([], f"sqlite:///{tmp_path}/q.db") as site:
        admin = made(site.client)
        admin.get("/api/schedules")
        bad = Bearer(site.client.url, admin.secret + "x")
        for _ in range(MOST + 2):
            bad.post("/api/schedules/workflows", {"name": 1})
        assert admin.secret.encode() not in admin.get("/api/audit").raw
    secret = admin.secret[9:]
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()
    assert secret not in caplog.text
