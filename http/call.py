"""One call of the interface as data: router, checks, audit, metrics and description are made from it.

What a call takes and answers is read from its handler's signature: `query` and `body` are parameters of
it, with their shapes as annotations, and it returns an `Answer` of a shape, or None for 204.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from aiohttp import web
from aiohttp.typedefs import Handler

from quarterjack.storage import Role
from quarterjack.storage.wire_model import WireModel

from .answers import Answer
from .bodies import EmptyBody
from .expectations import expected
from .intake import Intake, JsonBody, NoBody
from .query import NoQuery, read_query

_WITHOUT_BODY: Final = frozenset({"GET"})
WORKFLOWS_THINGS: Final = ("workflow_id", "schedule_id", "execution_id", "backfill_id")
"""Names in addresses that belong to one workflow."""


@dataclass(frozen=True, slots=True)
class Call:
    """A row of the interface.

    `name` is the operation's id, as clients, audit and metrics know it. `role` is the least that may
    make it; None: anybody, also without a token. `status` is that of the answer, unless that says
    another. `errors` are those beyond what every call can meet. With `takes_key`, a repetition with
    the same `Idempotency-Key` is answered alike and done once. Tokens that are limited to some
    workflows may make only calls whose address names something of a workflow, which is checked, and
    those with `is_for_some`, whose handler shows and takes nothing of others.
    """

    name: str
    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    role: Role | None = Role.VIEWER
    status: HTTPStatus = HTTPStatus.OK
    errors: tuple[type[Exception], ...] = ()
    takes_key: bool = False
    is_for_some: bool = False
    also: tuple[HTTPStatus, ...] = ()
    """Other statuses with an answer of the same shape."""
    media: str | None = None
    """The type of an answer that has no shape."""

    @property
    def is_scoped(self) -> bool:
        """Whether a token that is limited to some workflows may make it."""
        return self.is_for_some or any(f"{{{name}}}" in self.path for name in WORKFLOWS_THINGS)

    @property
    def changes_something(self) -> bool:
        """Whether it is remembered who made it."""
        return self.method not in _WITHOUT_BODY and self.role is not Role.VIEWER

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        text = inspect.getdoc(self.handler) or ""
        return text.partition("\n")[0]

    @property
    def query(self) -> type[WireModel]:
        """The shape of its query parameters."""
        found: type[WireModel] = self._hints().get("query", NoQuery)
        return found

    @property
    def intake(self) -> Intake:
        """How its body is read."""
        found = self._hints().get("body")
        if found is None:
            return NoBody() if self.method in _WITHOUT_BODY else JsonBody(EmptyBody)
        if get_origin(found) is Annotated:
            return next(each for each in get_args(found) if isinstance(each, Intake))
        return JsonBody(found)

    @property
    def answer(self) -> Any:
        """The shape of its answer; None: it has no body, or one that only the handler knows."""
        found = self._hints().get("return")
        return get_args(found)[0] if get_origin(found) is Answer else None

    def _hints(self) -> Mapping[str, Any]:
        return _hints_of(self.handler)


@functools.cache
def _hints_of(handler: Callable[..., Any]) -> Mapping[str, Any]:
    """Worked out once: it takes a while, and requests with a key ask for it."""
    return get_type_hints(handler, include_extras=True)


def endpoint(call: Call) -> Handler:
    """The handler as aiohttp wants it: reads what the call takes, and writes what it answers."""
    hints, query, intake = call._hints(), call.query, call.intake

    async def answer(request: web.Request) -> web.StreamResponse:
        arguments: dict[str, Any] = {}
        checked = read_query(request, query)
        if "query" in hints:
            arguments["query"] = checked
        body = await intake.read(request)
        if "body" in hints:
            arguments["body"] = body
        found = await call.handler(request, **arguments)
        if found is None:
            return web.Response(status=HTTPStatus.NO_CONTENT)
        if isinstance(found, Answer):
            return await found.response(call.status)
        assert isinstance(found, web.StreamResponse)
        return found

    return answer


CALLS: web.AppKey[dict[Any, Call]] = web.AppKey("calls", dict)
"""Endpoint → its call."""


def add_calls(app: web.Application, calls: list[Call]) -> None:
    """Let the application answer them."""
    endpoints = {endpoint(call): call for call in calls}
    app[CALLS] = endpoints
    for each, call in endpoints.items():
        if call.method == "GET":
            app.router.add_get(call.path, each, expect_handler=expected)  # and HEAD
        else:
            app.router.add_route(call.method, call.path, each, expect_handler=expected)


def call_of(request: web.Request) -> Call | None:
    """The call that a request makes; None for one that there is not."""
    return request.app[CALLS].get(request.match_info.handler)
