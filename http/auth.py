"""Who calls, and what they may do.

While no token was ever made, everybody on this machine is an admin. From the first one on, every call
but those that anybody may make needs a token, with a role that is enough for the call. A token that is
unknown, expired or revoked is told apart from no other.
"""

import math
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from quarterjack.runtime import Runtime
from quarterjack.storage import Event, Role, TokenId, WorkflowId
from quarterjack.storage.tokens import Token

from .addresses import is_loopback
from .call import call_of
from .errors import TooManyFailures, Unauthenticated
from .failed_attempts import FailedAttempts
from .forwarding import client_address

_SCHEME: Final = "bearer"
_TOLD: Final = "Send a valid token: `Authorization: Bearer qj_…`."


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a request, and what they may do."""

    token_id: TokenId | None
    """None: somebody on this machine, while no token is made."""
    name: str | None
    role: Role
    workflows: frozenset[WorkflowId] | None
    """The only ones that they have to do with; None: all."""
    address: str

    @classmethod
    def with_token(cls, token: Token, address: str) -> "Caller":
        """Who bears a token."""
        return cls(token.id, token.name, token.role, token.workflows, address)

    def may_touch(self, workflow_id: str | None) -> bool:
        """Whether they have to do with a workflow; with what belongs to none (None) if with all."""
        return self.workflows is None or workflow_id in self.workflows

    def may_see(self, event: Event) -> bool:
        """Whether an event is theirs to see: it is of a workflow that they have to do with."""
        return self.may_touch(event.workflow_id)


class Doorkeeper:
    """Lets callers in, on the loop: by their token, or on this machine without one."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._failures = FailedAttempts(lambda: runtime.clock.monotonic())

    def without_token(self, address: str) -> Caller | None:
        """Who comes without a token; None: nobody does."""
        if self._runtime.has_tokens() or not is_loopback(address):
            return None
        return Caller(None, None, Role.ADMIN, None, address)

    def with_token(self, secret: str, address: str) -> Caller:
        """Who bears that token. Raises `Unauthenticated`, and `TooManyFailures` to who tries many."""
        token = self._runtime.authenticate(secret)
        if token is not None:
            return Caller.with_token(token, address)
        wait = self._failures.add(address)
        if wait is None:
            raise Unauthenticated(_TOLD)
        raise TooManyFailures(math.ceil(wait))

    def still_admits(self, caller: Caller) -> bool:
        """Whether somebody who was let in may stay."""
        if caller.token_id is None:
            return not self._runtime.has_tokens()
        return self._runtime.is_valid_token(caller.token_id)


DOORKEEPER: web.AppKey[Doorkeeper] = web.AppKey("doorkeeper", Doorkeeper)
_CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Whoever makes the request. Raises `Unauthenticated` for a call that anybody may make."""
    found: Caller | None = request.get(_CALLER)
    if found is None:
        raise Unauthenticated(_TOLD)
    return found


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: find out who calls, where that matters."""
    call = call_of(request)
    if call is None or call.role is not None:
        request[_CALLER] = _let_in(request)
    return await handler(request)


def _let_in(request: web.Request) -> Caller:
    doorkeeper, address = request.app[DOORKEEPER], client_address(request)
    here = doorkeeper.without_token(address)
    if here is not None:
        return here
    given = request.headers.getall("Authorization", ())
    if not given:
        raise Unauthenticated(_TOLD)
    scheme, _, secret = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != _SCHEME:
        raise Unauthenticated(_TOLD)
    return doorkeeper.with_token(secret.strip(), address)
