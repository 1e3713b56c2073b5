"""`/api/session`: who one is here."""

from typing import Any

from bearer import Bearer
from rest_client import RestClient


def _token(client: RestClient, **body: Any) -> Bearer:
    made = client.post("/api/tokens", {"name": "n", "role": "admin", **body})
    assert made.status == 201, made.raw
    return Bearer(client.url, made.body["token"])


def test_without_tokens_somebody_on_this_machine_is_an_admin(client: RestClient) -> None:
    found = client.get("/api/session").body

    assert found["role"] == "admin"
    assert (found["tokenId"], found["tokenName"], found["workflows"]) == (None, None, None)
    assert found["tokensNeeded"] is False
    assert found["version"] == client.get("/api/nodes").body["items"][0]["version"]
    assert found["now"].endswith("Z")


def test_a_session_says_what_its_token_is_good_for(client: RestClient) -> None:
    root = _token(client)
    limited = _token(root, name="desk", role="operator", workflows=["gated", "echo"])

    found = limited.get("/api/session").body

    assert (found["role"], found["tokenName"]) == ("operator", "desk")
    assert found["workflows"] == ["echo", "gated"]
    assert found["tokenId"].startswith("tok_")
    assert found["tokensNeeded"] is True
    assert client.get("/api/session").status == 401
