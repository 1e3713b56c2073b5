"""Ids that whoever asks has chosen beforehand, so that the same request twice is one piece of work."""

from quarterjack.storage import IdSource, InvalidInput
from quarterjack.storage.ids import is_id


def chosen_id(name: str, given: str | None, ids: IdSource, prefix: str) -> str:
    """The given id, or a new one. Raises `InvalidInput`, which names the parameter."""
    return ids.new(prefix) if given is None else checked_id(name, given)


def checked_id(name: str, given: str) -> str:
    """The given id. Raises `InvalidInput`, which names the parameter."""
    if not is_id(given):
        raise InvalidInput.field(name, msg="an id is 1 to 64 letters, digits, '_' or '-'")
    return given
