"""What `quarterjack.http` can be told."""

import json as json_text
import re
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator
from yarl import URL

from quarterjack.storage.durations import Duration

from .given_params import GivenParams

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
MOST_BODY: Final = 250_000
"""Three bytes for each that is no text still fit into a result."""
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SET_BY_US: Final = frozenset(
    {"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"}
)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_NOT_IN_VALUES: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_IN_URLS: Final = re.compile(r"[\x00-\x20\x7f]")
_CLASS: Final = re.compile(r"[1-5]xx", re.ASCII)


def _method(method: str) -> str:
    if method.upper() not in METHODS:
        raise ValueError(f"there is no method {method!r:.40}; there are {', '.join(METHODS)}")
    return method.upper()


def checked_address(text: str) -> str:
    """An address that can be requested. Raises `ValueError`."""
    if _NOT_IN_URLS.search(text):
        raise ValueError("an address has no spaces or control characters; write %20")
    try:
        url = URL(text)
        _ = url.port
    except ValueError as error:
        raise ValueError(f"it is no address: {error}") from None
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise ValueError("write http://… or https://… with a host")
    if url.user is not None or url.password is not None:
        raise ValueError("leave out user and password; give the header Authorization instead")
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    names = [name.lower() for name in headers]
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r:.60} can't be a header's name")
        if _NOT_IN_VALUES.search(value):
            raise ValueError(f"{name}: a value has no line breaks or control characters")
        if name.lower() in _SET_BY_US:
            raise ValueError(f"{name} is set from url and body; leave it out")
        if names.count(name.lower()) > 1:
            raise ValueError(f"{name} is given twice")
    return headers


def _status(given: object) -> str:
    """A status or a class of them, as text.

    >>> _status(204), _status("2xx")
    ('204', '2xx')
    """
    text = str(given).lower() if isinstance(given, int | str) else ""
    if not _CLASS.fullmatch(text) and not (text.isdecimal() and 100 <= int(text) <= 599):
        raise ValueError(f'{given!r:.40} is no status; write 204, or "2xx"')
    return text


class HttpParams(GivenParams):
    """`body` is sent as it is, `json` as JSON; at most one of them."""

    url: Annotated[str, Field(max_length=8_000), AfterValidator(checked_address)]
    method: Annotated[str, AfterValidator(_method)] = "GET"
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(default_factory=dict)
    body: str | None = None
    json_: Any = Field(default=None, alias="json")
    timeout: Duration = timedelta(seconds=30)
    expect_status: list[Annotated[str, BeforeValidator(_status)]] = Field(
        default=["2xx"], min_length=1
    )
    max_body: int = Field(default=65_536, ge=0, le=MOST_BODY)
    follow_redirects: bool = False

    @field_validator("timeout")
    @classmethod
    def _takes_time(cls, timeout: timedelta) -> timedelta:
        if not timeout:
            raise ValueError("it must be longer than 0")
        return timeout

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        if self.body is not None and self.json_ is not None:
            raise ValueError("give body or json, not both")
        return self

    @property
    def expected(self) -> str:
        """In words: `2xx or 404`."""
        return " or ".join(self.expect_status)

    def expects(self, status: int) -> bool:
        """Whether that status is success."""
        return any(each in (str(status), f"{status // 100}xx") for each in self.expect_status)

    def payload(self) -> bytes | None:
        """The body."""
        if self.json_ is not None:
            return json_text.dumps(self.json_, ensure_ascii=False).encode()
        return None if self.body is None else self.body.encode()

    def all_headers(self, idempotency_key: str) -> dict[str, str]:
        """The headers, with those that go without saying; what was given goes before them."""
        found = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Quarterjack"}
        if self.method in _CHANGING:
            found["Idempotency-Key"] = idempotency_key
        if self.json_ is not None:
            found["Content-Type"] = "application/json"
        elif self.body is not None:
            found["Content-Type"] = "text/plain; charset=utf-8"
        given = {name.lower() for name in self.headers}
        return {n: v for n, v in found.items() if n.lower() not in given} | self.headers
