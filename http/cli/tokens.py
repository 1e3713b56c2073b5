"""`quarterjack token`: made, listed and revoked on the database itself, or through a running server."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import click

from quarterjack.actors.engine.clock import wall_clock
from quarterjack.runtime.token_desk import TokenDesk
from quarterjack.storage import RandomIds, Role
from quarterjack.storage.queries import PageRequest

from .. import json_text
from ..client import Client
from ..client.listing import MOST
from ..shapes.access import MadeToken, Token
from .help_text import examples
from .keeper_options import explained, keeper_options
from .options import DurationType, json_option, option
from .tables import print_table

_HEADINGS: Final = ("ID", "NAME", "ROLE", "WORKFLOWS", "BEGINS WITH", "STATE", "LAST USED")


class TokenKeeper(ABC):
    """Where tokens are kept, in the outside interface's form. All raise `ClientError`."""

    @abstractmethod
    def create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The new token, with its text."""

    @abstractmethod
    def revoke(self, token_id: str) -> None:
        """Let it be worth nothing."""

    @abstractmethod
    def all(self) -> list[dict[str, Any]]:
        """Each token."""


class _InDatabase(TokenKeeper):
    def __init__(self, database: str) -> None:
        self._database = database

    def create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        made = self._on_desk(lambda desk: desk.create(given, wall_clock()), make=True)
        return MadeToken.of_new(made).model_dump(mode="json")

    def revoke(self, token_id: str) -> None:
        self._on_desk(lambda desk: desk.revoke(token_id, wall_clock()))

    def all(self) -> list[dict[str, Any]]:
        found = self._on_desk(lambda desk: desk.all())
        return [Token.of(each).model_dump(mode="json") for each in found]

    def _on_desk(self, do: Callable[[TokenDesk], Any], *, make: bool = False) -> Any:
        with explained(), TokenDesk(self._database, RandomIds(), make=make) as desk:
            return do(desk)


class _AtServer(TokenKeeper):
    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return self._client.create_token_from(given).get().model_dump(mode="json")

    def revoke(self, token_id: str) -> None:
        self._client.revoke_token(token_id).get()

    def all(self) -> list[dict[str, Any]]:
        found = self._client.list_tokens(PageRequest(MOST)).all()
        return [each.model_dump(mode="json") for each in found]


_keeper_options = keeper_options(_InDatabase, _AtServer)


@click.group()
def token() -> None:
    """Who may do what: tokens for programs and people.

    On the database itself, for which no server may have it open; or at a running server with --url.
    """


@token.command(
    epilog=examples(
        "quarterjack token create ci --role operator --workflow daily-report --expires 90d",
        "quarterjack token create me --role admin --url http://127.0.0.1:8321",
    )
)
@click.argument("name")
@option(
    "--role",
    required=True,
    type=click.Choice([each.value for each in Role]),
    help="viewer reads; operator also triggers, pauses and cancels; admin may do everything.",
)
@option(
    "--workflow",
    multiple=True,
    metavar="ID",
    help="Limit it to this workflow. Repeatable.",
)
@option("--expires", type=DurationType(), help="After how long it is worth nothing, such as 90d.")
@json_option
@_keeper_options
def create(
    keeper: TokenKeeper,
    name: str,
    role: str,
    workflow: tuple[str, ...],
    expires: timedelta | None,
    as_json: bool,
) -> None:
    """Make a token called NAME, and print its text: nothing will show that again."""
    given: dict[str, Any] = {"name": name, "role": role}
    if workflow:
        given["workflows"] = list(workflow)
    if expires is not None:
        given["expiresIn"] = expires.total_seconds()
    made = keeper.create(given)
    if as_json:
        click.echo(json_text.dump(made))
        return
    click.echo(f"{made['id']} is made; keep its text, nothing will show it again:", err=True)
    click.echo(made["token"])


@token.command(
    name="list",
    epilog=examples(
        "quarterjack token list",
        "quarterjack token list --json --database sqlite:///jobs.db",
    ),
)
@json_option
@_keeper_options
def list_tokens(keeper: TokenKeeper, as_json: bool) -> None:
    """All tokens, also those that are worth nothing any more."""
    found = keeper.all()
    if as_json:
        click.echo(json_text.dump(found))
        return
    print_table(_HEADINGS, [_row(each) for each in found])


@token.command(
    epilog=examples(
        "quarterjack token revoke tok_4k2m8n1p0q7r5s3t6v9w",
    )
)
@click.argument("token_id", metavar="ID")
@_keeper_options
def revoke(keeper: TokenKeeper, token_id: str) -> None:
    """Let the token ID be worth nothing from now on."""
    keeper.revoke(token_id)
    click.echo(f"{token_id} is revoked", err=True)


def _row(found: Mapping[str, Any]) -> tuple[str, ...]:
    limited = found["workflows"]
    return (
        found["id"],
        found["name"],
        found["role"],
        "all" if limited is None else ", ".join(limited),
        f"{found['prefix']}…",
        _state(found),
        found["lastUsedAt"] or "never",
    )


def _state(found: Mapping[str, Any]) -> str:
    if found["revokedAt"] is not None:
        return "revoked"
    expires = found["expiresAt"]
    if expires is None:
        return "valid"
    gone = datetime.fromisoformat(expires) <= wall_clock()
    return f"expired {expires}" if gone else f"valid until {expires}"
