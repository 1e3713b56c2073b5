"""Frames of the WebSocket, in JSON text or msgpack binary: the client's checked, the server's made.

An event's encoding is kept with the event, so that it is made once however many clients get it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgpack
from aiohttp import WSMessage, WSMsgType
from pydantic import Field

from quarterjack.actors.broadcaster import Published
from quarterjack.actors.drafts import validated
from quarterjack.storage import InvalidInput, QuarterjackError
from quarterjack.storage.wire_model import WireModel

from . import json_text
from .errors import NotJson
from .shapes.events import event_fields

LARGEST_FRAME: Final = 65_536
"""Bytes that a client's frame may have."""
_MOST_ITEMS: Final = 10_000


class FrameError(QuarterjackError):
    """A frame can't be taken; `code` says why, for programs."""

    def __init__(self, code: str, detail: str, key: str | None = None) -> None:
        self.code = code
        self.key = key
        super().__init__(detail)


class Subscribe(WireModel):
    """Events of a topic, from now on or `after` a sequence number."""

    op: str
    id: str = Field(min_length=1, max_length=100)
    topic: str = Field(max_length=100)
    key: str | None = Field(default=None, min_length=1, max_length=200)
    after: int | None = Field(default=None, ge=0, lt=2**62, strict=True)


class Unsubscribe(WireModel):
    """No more of that subscription."""

    op: str
    id: str = Field(min_length=1, max_length=100)


class PingFrame(WireModel):
    """Are you there?"""

    op: str


Frame = Subscribe | Unsubscribe | PingFrame
_OPS: Final[Mapping[str, type[Frame]]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": PingFrame,
}


def frame_of(value: object) -> Frame:
    """The frame that a client sent. Raises `FrameError`."""
    if not isinstance(value, dict) or not isinstance(value.get("op"), str):
        raise FrameError("bad-frame", 'a frame is an object with an "op"')
    given = value.get("id")
    key = given if isinstance(given, str) else None
    shape = _OPS.get(value["op"])
    if shape is None:
        known = ", ".join(_OPS)
        raise FrameError("unknown-op", f"there is no op {value['op']!r:.60}; send {known}", key)
    try:
        return validated(shape, value)
    except InvalidInput as error:
        raise FrameError("invalid-input", str(error)[:1_000], key) from None


class Codec(Protocol):
    """One way to write frames."""

    def read(self, message: WSMessage) -> object:
        """The value in a client's message. Raises `FrameError`."""
        ...

    def write(self, value: Mapping[str, Any]) -> str | bytes:
        """A frame of the server."""
        ...

    def write_event(self, published: Published, ids: tuple[str, ...]) -> str | bytes:
        """The frame of an event for these subscriptions."""
        ...


class JsonCodec:
    """`quarterjack.v1.json`: text frames."""

    def read(self, message: WSMessage) -> object:
        if message.type is not WSMsgType.TEXT:
            raise FrameError("bad-frame", "this connection speaks JSON in text frames")
        try:
            return json_text.load(message.data.encode("utf-8", "surrogatepass"))
        except (NotJson, InvalidInput) as error:
            raise FrameError("bad-frame", str(error)[:1_000]) from None

    def write(self, value: Mapping[str, Any]) -> str:
        return json_text.dump(value).decode()

    def write_event(self, published: Published, ids: tuple[str, ...]) -> str:
        shared = published.encoded.get("json")
        if shared is None:
            shared = published.encoded["json"] = json_text.dump(_shared(published))[1:]
        head = f'{{"op":"event","ids":{json.dumps(ids, separators=(",", ":"))},'
        return head + shared.decode()


class MsgpackCodec:
    """`quarterjack.v1.msgpack`: binary frames."""

    def read(self, message: WSMessage) -> object:
        if message.type is not WSMsgType.BINARY:
            raise FrameError("bad-frame", "this connection speaks msgpack in binary frames")
        try:
            value = msgpack.unpackb(
                message.data,
                max_array_len=_MOST_ITEMS,
                max_map_len=_MOST_ITEMS,
                max_ext_len=0,
            )
            json_text.check(value)
        except InvalidInput as error:
            raise FrameError("bad-frame", str(error)[:1_000]) from None
        except (ValueError, TypeError, msgpack.UnpackException) as error:
            raise FrameError("bad-frame", f"that is not msgpack: {error}"[:1_000]) from None
        return value

    def write(self, value: Mapping[str, Any]) -> bytes:
        return _packed(value)

    def write_event(self, published: Published, ids: tuple[str, ...]) -> bytes:
        shared = published.encoded.get("msgpack")
        if shared is None:
            fields = _shared(published)
            shared = b"".join(_packed(name) + _packed(value) for name, value in fields.items())
            published.encoded["msgpack"] = shared
            published.encoded["msgpack head"] = msgpack.Packer().pack_map_header(len(fields) + 2)
        own = _packed("op") + _packed("event") + _packed("ids") + _packed(ids)
        return published.encoded["msgpack head"] + own + shared


CODECS: Final[Mapping[str, Codec]] = {
    "quarterjack.v1.json": JsonCodec(),
    "quarterjack.v1.msgpack": MsgpackCodec(),
}
"""Subprotocol → codec, the default first."""


def _shared(published: Published) -> dict[str, Any]:
    """What every subscriber gets of an event."""
    event = published.event
    return {"event": event.type.replace(".", ":"), **event_fields(event)}


def _packed(value: object) -> bytes:
    packed: bytes = msgpack.packb(value)
    return packed
