"""What can go wrong for a client of a server, and how a problem that it answers becomes an exception.

For each type of problem there is a class that is also the one that a runtime raises for it, so that
`except NotFound:` catches both.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from pydantic.alias_generators import to_camel

from quarterjack.storage import FieldError, InvalidInput, QuarterjackError

from ..protocol import URN


class ClientClosed(QuarterjackError):
    """The client is closed; make another one."""


class ServerUnreachable(QuarterjackError):
    """The server could not be asked, or its answer did not come whole.

    `sent` says whether it may have got the request: then look before repeating what changes something.
    """

    def __init__(self, url: str, reason: str, *, sent: bool) -> None:
        self.url = url
        self.reason = reason
        self.sent = sent
        super().__init__(self._told())

    def _told(self) -> str:
        return f"the connection to {self.url} failed: {self.reason}"


class NoServer(ServerUnreachable):
    """Nobody listens at the address."""

    def _told(self) -> str:
        return f"there is no server at {self.url}"


class NoAnswer(ServerUnreachable):
    """The server did not answer in time; what was asked for may have been done."""

    def _told(self) -> str:
        return (
            f"{self.url} did not answer within {self.reason}; what was asked for may have been done, "
            "so look before repeating"
        )


class NotAQuarterjackServer(QuarterjackError):
    """Somebody answered, but not as a Quarterjack server does."""

    def __init__(self, url: str, status: int) -> None:
        self.url = url
        self.status = status
        super().__init__(
            f"{url} answered with status {status}, but not as a Quarterjack server does"
        )


class SubscriptionRefused(QuarterjackError):
    """The server does not give these events; `code` says why, for programs.

    `gone`: some of those after which it should go on are deleted, so there would be a gap. `ahead`: the
    server has another database than before.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Problem:
    """The answer of a server that did not do what was asked for (RFC 9457)."""

    status: int
    name: str
    """Its type without what all have in common, such as `not-found`."""
    title: str
    detail: str
    retry_after: float | None = None
    """Seconds that the server wants to have passed before the next try."""
    members: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, body: object, retry_after: float | None) -> "Problem | None":
        """What is in a body; None: that is no problem of ours."""
        if not isinstance(body, Mapping):
            return None
        kind, title, detail = (body.get(name) for name in ("type", "title", "detail"))
        if not isinstance(title, str) or not isinstance(detail, str):
            return None
        return cls(status, str(kind or "").removeprefix(URN), title, detail, retry_after, body)


class Refused(QuarterjackError):
    """The server did not do it: `status`, `type`, `title` and `detail` are those of its problem."""

    def __init__(self, problem: Problem) -> None:
        Exception.__init__(self, problem.detail or problem.title)  # past a runtime error's own
        self.problem = problem
        self.status = problem.status
        self.type = problem.name
        self.title = problem.title
        self.detail = problem.detail
        self.retry_after = problem.retry_after
        from ..problem_members import names_of  # only now: it knows the server's errors

        for name in names_of(type(self)):
            setattr(self, name, problem.members.get(to_camel(name), ""))
        if isinstance(self, InvalidInput):
            self.errors = _field_errors(problem.members.get("errors"))

    def __reduce__(self) -> tuple[Any, ...]:
        return refusal, (self.problem,)


class Unauthorized(Refused):
    """The server wants a token, or another one."""


class Forbidden(Refused):
    """The token does not allow it."""


class ServerBusy(Refused):
    """The server can't do it now; ask again after `retry_after` seconds (None: it does not say when)."""


_BY_STATUS: Final[Mapping[int, type[Refused]]] = {
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.TOO_MANY_REQUESTS: ServerBusy,
    HTTPStatus.BAD_GATEWAY: ServerBusy,
    HTTPStatus.SERVICE_UNAVAILABLE: ServerBusy,
    HTTPStatus.GATEWAY_TIMEOUT: ServerBusy,
}


def refusal(problem: Problem) -> Refused:
    """The exception for a problem."""
    return _class_of(problem.status, problem.name)(problem)


def refusal_of_status(status: int, retry_after: float | None = None) -> Refused | None:
    """That for an answer without a problem, as proxies give them; None: it says nothing to us."""
    if status not in _BY_STATUS:
        return None
    title = HTTPStatus(status).phrase
    return refusal(Problem(status, "", title, f"the answer was {status} {title}", retry_after))


def unauthorized(detail: str) -> Refused:
    """That of a WebSocket, which says so in a frame."""
    return Unauthorized(Problem(HTTPStatus.UNAUTHORIZED, "", "Unauthorized", detail))


def forbidden(detail: str) -> Refused:
    """The same for what a token does not allow."""
    return Forbidden(Problem(HTTPStatus.FORBIDDEN, "", "Forbidden", detail))


@functools.cache
def _class_of(status: int, name: str) -> type[Refused]:
    """By its status; also all that the server has in its table under that name."""
    from ..problems import KINDS  # only now: it loads what raises them

    base = _BY_STATUS.get(status, Refused)
    kinds = [each for each, kind in KINDS.items() if kind.name == name]
    lowest = [each for each in kinds if not any(_is_above(each, other) for other in kinds)]
    if not lowest:
        return base
    text = lowest[0].__doc__
    return type(lowest[0].__name__, (base, *lowest), {"__doc__": text, "__module__": __name__})


def _is_above(kind: type[Exception], other: type[Exception]) -> bool:
    return kind is not other and issubclass(other, kind)


def _field_errors(given: object) -> list[FieldError]:
    found = []
    for each in given if isinstance(given, list) else []:
        if isinstance(each, dict) and isinstance(each.get("loc"), list):
            found.append(FieldError(tuple(each["loc"]), str(each.get("msg", ""))))
    return found
