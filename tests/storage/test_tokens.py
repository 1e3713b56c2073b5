"""Tokens: only a hash is kept, and what is revoked stays so."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sample import NOW

from quarterjack.storage import NotFound, RandomIds, Role, SeededIds, TokenId, WorkflowId
from quarterjack.storage import tokens as t
from quarterjack.storage.database import Address, Readers, Writer
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.token_changes import CreateToken, RevokeToken, TokenUsed

Read = Callable[..., Any]


@pytest.fixture
def read(readers: Readers) -> Read:
    def run(query: Callable[..., Any], *arguments: Any) -> Any:
        return readers.submit(query, *arguments).result(timeout=10)

    return run


def a_token(number: int = 1, **changes: Any) -> t.StoredToken:
    values = {"workflows": None, "role": Role.OPERATOR, **changes}
    token = t.Token(
        id=TokenId(f"tok_{number}"),
        name="ci",
        prefix="qj_abcdef",
        created_at=NOW + timedelta(seconds=number),
        **values,
    )
    return t.StoredToken(token, t.digest_of(f"qj_{number}"))


def outcome(journal: Journal, change: Any) -> Any:
    found = journal.commit([change]).outcomes[0]
    if isinstance(found, BaseException):
        raise found
    return found


def test_a_token_is_read_as_it_was_stored(journal: Journal, read: Read) -> None:
    limited = frozenset({WorkflowId("b"), WorkflowId("a")})
    stored = a_token(workflows=limited, expires_at=NOW + timedelta(days=1))

    assert outcome(journal, CreateToken(stored)) == stored.token
    assert read(t.all_tokens) == [stored]


def test_a_revoked_token_stays_revoked_at_its_first_time(journal: Journal, read: Read) -> None:
    outcome(journal, CreateToken(a_token()))
    first, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)

    assert outcome(journal, RevokeToken(TokenId("tok_1"), first)).revoked_at == first
    assert outcome(journal, RevokeToken(TokenId("tok_1"), later)).revoked_at == first
    assert read(t.all_tokens)[0].token.revoked_at == first


def test_a_token_that_is_not_there_cannot_be_revoked(journal: Journal) -> None:
    with pytest.raises(NotFound, match="no token 'tok_1'"):
        outcome(journal, RevokeToken(TokenId("tok_1"), NOW))


def test_the_last_use_is_remembered(journal: Journal, read: Read) -> None:
    outcome(journal, CreateToken(a_token()))

    outcome(journal, TokenUsed(TokenId("tok_1"), NOW))

    assert read(t.all_tokens)[0].token.last_used_at == NOW


def test_tokens_are_listed_in_pages_oldest_first(journal: Journal, read: Read) -> None:
    for number in (3, 1, 2):
        outcome(journal, CreateToken(a_token(number)))

    first = read(t.tokens, PageRequest(2))
    second = read(t.tokens, PageRequest(2, first.next))

    assert [each.id for each in first.items] == ["tok_1", "tok_2"]
    assert [each.id for each in second.items] == ["tok_3"]
    assert second.next is None


def test_a_secret_has_more_bits_left_than_anybody_can_try() -> None:
    secret = t.new_secret(RandomIds())

    assert len(secret) - len(t.shown_of(secret)) >= 128 / 5
    assert secret.startswith("qj_")
    assert secret != t.new_secret(RandomIds())
    assert t.new_secret(SeededIds(1)) == t.new_secret(SeededIds(1))


def test_a_token_is_valid_until_the_moment_it_expires() -> None:
    token = a_token(expires_at=NOW).token

    assert token.is_valid(NOW - timedelta(microseconds=1))
    assert not token.is_valid(NOW)


def test_tokens_are_seen_in_a_database_that_nobody_has_opened(tmp_path: Path) -> None:
    address = Address(f"sqlite:///{tmp_path}/new.db")
    assert not t.has_tokens(address)
    assert not address.path.exists() if address.path else False


def test_tokens_are_seen_beside_a_writer(journal: Journal, path: Path, writer: Writer) -> None:
    address = Address(f"sqlite:///{path}")
    assert not t.has_tokens(address)

    outcome(journal, CreateToken(a_token()))

    assert t.has_tokens(address)
