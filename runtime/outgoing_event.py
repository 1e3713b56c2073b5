"""An event that is to be sent, checked where it is given: its name, its key, its payload."""

import unicodedata
from typing import Any, NamedTuple

from quarterjack.storage import InvalidInput, NotPlainData
from quarterjack.storage.event_names import LONGEST_NAME, reserved_problem
from quarterjack.storage.plain_data import Packed, check_plain, pack


class OutgoingEvent(NamedTuple):
    """`key` is empty for an event without one."""

    name: str
    key: str
    payload: Packed


def outgoing_event(name: str, payload: Any, key: str | None) -> OutgoingEvent:
    """The event. Raises `InvalidInput` naming what is wrong."""
    for field, text in (("event", name), ("key", "-" if key is None else key)):
        if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_NAME:
            raise InvalidInput.field(field, msg=f"it is text of 1 to {LONGEST_NAME} characters")
        if any(unicodedata.category(sign) == "Cc" for sign in text):
            raise InvalidInput.field(field, msg="it has a control character; leave that out")
        try:
            check_plain(text)
        except NotPlainData as error:
            raise InvalidInput.field(field, msg=error.reason) from None
    if problem := reserved_problem(name):
        raise InvalidInput.field("event", msg=problem)
    try:
        packed = pack(payload, root="payload")
    except NotPlainData as error:
        raise InvalidInput.field("payload", msg=str(error)) from None
    return OutgoingEvent(name, key or "", packed)
