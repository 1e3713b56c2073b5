"""Frames of the WebSocket, in JSON text or msgpack binary: the client's checked, the server's made.

An event's encoding is kept with the event, so that it is made once however many clients get it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
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
_MOST_ITEMS: Final = 500
"""In a frame: what has more is none of ours, and is not worth the time that reading it takes."""
_CROWDED = "a frame is an object of a few fields, without lists and objects in it"


class FrameError(QuarterjackError):
    """A frame can't be taken; `code` says why, for programs."""

    def __init__(self, code: str, detail: str, key: str | None = None, **more: int) -> None:
        self.code = code
        self.key = key
        self.more = more
        super().__init__(detail)

    def frame(self) -> dict[str, Any]:
        """As the client gets it."""
        told = {"op": "error", "code": self.code, "detail": str(self), **self.more}
        return told if self.key is None else {**told, "id": self.key}


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


class Auth(WireModel):
    """Who is there."""

    op: str
    token: str = Field(min_length=1, max_length=1_000)


Frame = Subscribe | Unsubscribe | PingFrame | Auth
_OPS: Final[Mapping[str, type[Frame]]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": PingFrame,
    "auth": Auth,
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

    @property
    def name(self) -> str:
        """By which encodings are kept."""
        ...

    @property
    def kind(self) -> WSMsgType:
        """That of its frames: text or binary."""
        ...

    def read(self, message: WSMessage) -> object:
        """The value in a client's message. Raises `FrameError`."""
        ...

    def write(self, value: object) -> bytes:
        """A frame of the server, or a part of one."""
        ...

    def object_of(self, fields: Mapping[str, bytes]) -> bytes:
        """An object of fields that are written already."""
        ...

    def list_of(self, items: Sequence[bytes]) -> bytes:
        """A list of items that are written already."""
        ...

    def size(self, published: Published) -> int:
        """About how many bytes an event takes; encodes it, if nobody has."""
        ...

    def write_event(self, published: Published, ids: tuple[str, ...]) -> bytes:
        """The frame of an event for these subscriptions."""
        ...


class JsonCodec:
    """`quarterjack.v1.json`: text frames."""

    name = "json"
    kind = WSMsgType.TEXT

    def read(self, message: WSMessage) -> object:
        """The value in a text frame."""
        if message.type is not WSMsgType.TEXT:
            raise FrameError("bad-frame", "this connection speaks JSON in text frames")
        text: str = message.data
        if max(text.count("{"), text.count("["), text.count(",")) > _MOST_ITEMS:
            raise FrameError("bad-frame", _CROWDED)
        try:
            return json_text.load(text.encode("utf-8", "surrogatepass"))
        except (NotJson, InvalidInput) as error:
            raise FrameError("bad-frame", str(error)[:1_000]) from None

    def write(self, value: object) -> bytes:
        """The value as JSON."""
        return json_text.dump(value)

    def object_of(self, fields: Mapping[str, bytes]) -> bytes:
        """An object of fields that are JSON already."""
        return (
            b"{"
            + b",".join(b'"%b":%b' % (name.encode(), each) for name, each in fields.items())
            + b"}"
        )

    def list_of(self, items: Sequence[bytes]) -> bytes:
        """A list of items that are JSON already."""
        return b"[" + b",".join(items) + b"]"

    def size(self, published: Published) -> int:
        """Of the part that all have in common."""
        return len(self._shared(published))

    def write_event(self, published: Published, ids: tuple[str, ...]) -> bytes:
        """The part of its own, then the one that all have in common."""
        return _json_head(ids) + self._shared(published)

    def _shared(self, published: Published) -> bytes:
        shared = published.encoded.get(self.name)
        if shared is None:
            shared = published.encoded[self.name] = json_text.dump(_shared_fields(published))[1:]
        return shared


class MsgpackCodec:
    """`quarterjack.v1.msgpack`: binary frames."""

    name = "msgpack"
    kind = WSMsgType.BINARY

    def read(self, message: WSMessage) -> object:
        """The value in a binary frame."""
        if message.type is not WSMsgType.BINARY:
            raise FrameError("bad-frame", "this connection speaks msgpack in binary frames")
        try:
            value = msgpack.unpackb(
                message.data,
                max_array_len=_MOST_ITEMS,
                max_map_len=_MOST_ITEMS,
                max_ext_len=0,
            )
            if isinstance(value, dict) and any(
                isinstance(each, dict | list) for each in value.values()
            ):
                raise FrameError("bad-frame", _CROWDED)
            if isinstance(value, dict):
                json_text.check(value)
        except InvalidInput as error:
            raise FrameError("bad-frame", str(error)[:1_000]) from None
        except (ValueError, TypeError, msgpack.UnpackException) as error:
            raise FrameError("bad-frame", f"that is not msgpack: {error}"[:1_000]) from None
        return value

    def write(self, value: object) -> bytes:
        """The value as msgpack."""
        return _packed(value)

    def object_of(self, fields: Mapping[str, bytes]) -> bytes:
        """An object of fields that are msgpack already."""
        head = msgpack.Packer().pack_map_header(len(fields))
        return b"".join([head, *(_packed(name) + each for name, each in fields.items())])

    def list_of(self, items: Sequence[bytes]) -> bytes:
        """A list of items that are msgpack already."""
        return b"".join([msgpack.Packer().pack_array_header(len(items)), *items])

    def size(self, published: Published) -> int:
        """Of the part that all have in common."""
        return len(self._shared(published))

    def write_event(self, published: Published, ids: tuple[str, ...]) -> bytes:
        """The part that all have in common, then its own."""
        return self._shared(published) + _msgpack_tail(ids)

    def _shared(self, published: Published) -> bytes:
        shared = published.encoded.get(self.name)
        if shared is None:
            fields = {"op": "event", **_shared_fields(published)}
            packed = [_packed(name) + _packed(value) for name, value in fields.items()]
            head = msgpack.Packer().pack_map_header(len(fields) + 1)
            shared = published.encoded[self.name] = head + b"".join(packed)
        return shared


CODECS: Final[Mapping[str, Codec]] = {
    "quarterjack.v1.json": JsonCodec(),
    "quarterjack.v1.msgpack": MsgpackCodec(),
}
"""Subprotocol → codec, the default first."""


def _shared_fields(published: Published) -> dict[str, Any]:
    """What every subscriber gets of an event."""
    event = published.event
    return {"event": event.type.replace(".", ":"), **event_fields(event)}


@lru_cache(maxsize=1_024)
def _json_head(ids: tuple[str, ...]) -> bytes:
    return b'{"op":"event","ids":' + json_text.dump(ids) + b","


@lru_cache(maxsize=1_024)
def _msgpack_tail(ids: tuple[str, ...]) -> bytes:
    return _packed("ids") + _packed(ids)


def _packed(value: object) -> bytes:
    packed: bytes = msgpack.packb(value)
    return packed
