"""Tokens of a runtime: valid at once, for as long as they are meant to be."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quarterjack.runtime import InvalidInput, Runtime
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import NotFound, Role, WorkflowId
from quarterjack.storage.audit import AuditEntry, AuditFilter


@pytest.fixture
def runtime() -> Iterator[VirtualRuntime]:
    with VirtualRuntime(seed=1) as started:
        yield started


def test_a_token_is_known_from_when_it_is_made(runtime: VirtualRuntime) -> None:
    assert not runtime.has_tokens()

    made = runtime.create_token("ci", Role.OPERATOR, workflows=["report"]).get()

    assert runtime.has_tokens()
    found = runtime.authenticate(made.secret)
    assert found is not None
    assert (found.id, found.role, found.workflows) == (
        made.token.id,
        Role.OPERATOR,
        frozenset({WorkflowId("report")}),
    )
    assert runtime.list_tokens().get().items[0].prefix == made.secret[:9]


def test_texts_that_no_token_has_are_nobodys(runtime: VirtualRuntime) -> None:
    secret = runtime.create_token("ci", "viewer").get().secret

    for text in ("", "qj_", secret[:-1], secret + "0", secret.upper(), "\udcff"):
        assert runtime.authenticate(text) is None


def test_a_revoked_token_is_worth_nothing_at_once(runtime: VirtualRuntime) -> None:
    made = runtime.create_token("ci", "viewer").get()

    revoked = runtime.revoke_token(made.token.id).get()

    assert revoked.revoked_at == runtime.now()
    assert runtime.authenticate(made.secret) is None
    assert runtime.has_tokens(), "a server is not opened by revoking its last token"


def test_a_token_expires(runtime: VirtualRuntime) -> None:
    made = runtime.create_token("ci", "viewer", expires_in="1h").get()

    runtime.advance("59m 59s")
    assert runtime.authenticate(made.secret) is not None
    runtime.advance("1s")
    assert runtime.authenticate(made.secret) is None


def test_who_watches_a_token_is_told_once_that_it_is_revoked(runtime: VirtualRuntime) -> None:
    made, other = (runtime.create_token(name, "viewer").get().token for name in ("a", "b"))
    told: list[str] = []
    runtime.watch_token(made.id, lambda: told.append("a"))
    runtime.watch_token(other.id, lambda: told.append("b"))
    runtime.watch_token(made.id, lambda: told.append("ended"))()

    runtime.revoke_token(made.id).get()
    runtime.advance("5s")
    runtime.revoke_token(made.id).get()
    runtime.advance("5s")

    assert told == ["a"]


def test_who_watches_a_token_is_told_within_five_seconds_that_it_has_expired(
    runtime: VirtualRuntime,
) -> None:
    made = runtime.create_token("a", "viewer", expires_in="1h").get().token
    told: list[Any] = []
    runtime.watch_token(made.id, lambda: told.append(runtime.now()))

    runtime.advance("1h 5s")

    assert len(told) == 1
    assert made.expires_at is not None
    assert made.expires_at <= told[0] <= made.expires_at + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, ("name",)),
        ({"name": "a\nb"}, ("name",)),
        ({"name": "\ud800"}, ("name",)),
        ({"role": "root"}, ("role",)),
        ({"workflows": []}, ("workflows",)),
        ({"workflows": ["../x"]}, ("workflows",)),
        ({"expires_in": "0s"}, ("expiresAt",)),
        ({"expires_at": "2000-01-01T00:00:00Z"}, ("expiresAt",)),
        ({"expires_in": "1h", "expires_at": "2999-01-01T00:00:00Z"}, ("expiresIn",)),
    ],
)
def test_a_wrong_token_is_refused_by_its_field(
    runtime: VirtualRuntime, given: dict[str, Any], field: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        runtime.create_token(**{"name": "ci", "role": "viewer", **given}).get()
    assert refused.value.errors[0].loc == field


def test_a_token_that_is_not_there_cannot_be_revoked(runtime: VirtualRuntime) -> None:
    with pytest.raises(NotFound, match="tok_nope"):
        runtime.revoke_token("tok_nope").get()


def test_tokens_are_known_after_a_restart_and_nowhere_is_their_text(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/q.db"
    with Runtime(url) as first:
        kept = first.create_token("kept", "viewer").get()
        gone = first.create_token("gone", "viewer").get()
        first.revoke_token(gone.token.id).get()
        assert first.authenticate(kept.secret) is not None

    closed = Runtime(url)
    assert closed.has_tokens()
    with closed as second:
        assert second.authenticate(kept.secret) is not None
        assert second.authenticate(gone.secret) is None
    for file in tmp_path.iterdir():
        assert kept.secret[9:].encode() not in file.read_bytes()
    assert kept.secret not in repr(kept)


def test_the_last_use_is_stored_about_once_an_hour(runtime: VirtualRuntime) -> None:
    made = runtime.create_token("ci", "viewer").get()
    used = []
    for _ in range(4):
        runtime.authenticate(made.secret)
        runtime.settle()
        used.append(runtime.list_tokens().get().items[0].last_used_at)
        runtime.advance("40m")

    assert used[0] is not None
    assert used == [used[0], used[0], used[0] + timedelta(minutes=80), used[2]]


def test_what_was_done_is_listed(runtime: VirtualRuntime) -> None:
    entry = AuditEntry(runtime.now(), None, None, Role.ADMIN, "127.0.0.1", "createToken", 201)
    runtime.record_audit(entry).get()

    found = runtime.list_audit(AuditFilter(action="createToken")).get().items

    assert [(each.action, each.status, each.id) for each in found] == [("createToken", 201, 1)]


def test_a_request_costs_no_read(runtime: VirtualRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    made = runtime.create_token("ci", "viewer").get()
    runtime.authenticate(made.secret)
    runtime.settle()
    asked: list[object] = []
    monkeypatch.setattr(runtime, "_call", asked.append)

    for _ in range(100):
        assert runtime.authenticate(made.secret) is not None

    assert asked == []
