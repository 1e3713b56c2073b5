"""`Idempotency-Key`: a request that is repeated, because its answer was lost, is carried out once."""

from typing import Final

from aiohttp import web

from quarterjack.storage import InvalidInput

HEADER: Final = "Idempotency-Key"
_LONGEST: Final = 200


def idempotency_key(request: web.Request) -> str | None:
    """The key that the client has made up for this request, if it has. Raises `InvalidInput`."""
    given = request.headers.getall(HEADER, ())
    if not given:
        return None
    key = given[0]
    if len(given) > 1 or len(key) > _LONGEST or not all("!" <= sign <= "~" for sign in key):
        raise InvalidInput.field(
            "header", HEADER, msg=f"give one key of 1 to {_LONGEST} visible ASCII characters"
        )
    if not key:
        raise InvalidInput.field("header", HEADER, msg="it is empty; leave it out, or give a key")
    return key
