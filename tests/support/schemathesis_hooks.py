"""What schemathesis does not know by itself: lines of JSON, out and in, and that it is many clients.

It tries bad tokens by the hundred, and takes 401 only for an answer; from one address they are slowed
down. So each request comes, by what a trusted proxy would say, from an address of its own.
"""

import ipaddress
import itertools
import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """Each value on a line."""
    values = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(each).encode() + b"\n" for each in values)


@schemathesis.deserializer("application/x-ndjson")
def values(_: Any, response: Any) -> list[Any]:
    """The value on each line."""
    return [json.loads(line) for line in response.content.splitlines()]


_ADDRESSES = itertools.count(int(ipaddress.IPv4Address("198.18.0.1")))


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """Let the request come from the next address."""
    case.headers["X-Forwarded-For"] = str(ipaddress.IPv4Address(next(_ADDRESSES)))
