"""What schemathesis does not know by itself: lines of JSON, out and in."""

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
