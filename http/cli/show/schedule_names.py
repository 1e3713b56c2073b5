"""How the schedules of some executions are called; one that is deleted has no name any more."""

from collections.abc import Iterable

from quarterjack.storage import NotFound

from ...client import Client

_MOST = 25


def names_of(client: Client, keys: Iterable[str | None]) -> dict[str, str]:
    """The names by their ids."""
    asked = list(dict.fromkeys(key for key in keys if key is not None))[:_MOST]
    replies = [(key, client.get_schedule(key)) for key in asked]
    found = {}
    for key, reply in replies:
        try:
            found[key] = reply.get().name
        except NotFound:
            continue
    return found
