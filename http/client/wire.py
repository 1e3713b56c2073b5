"""Frames of the WebSocket as the client writes and reads them, in JSON text or msgpack binary."""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

import aiohttp
import msgpack

Frame = Mapping[str, Any]
Encoding = Literal["json", "msgpack"]


class Wire(Protocol):
    """One way to write frames."""

    subprotocol: str

    async def send(self, socket: aiohttp.ClientWebSocketResponse, frame: Frame) -> None:
        """Send a frame."""
        ...

    def read(self, data: Any) -> Any:
        """What is in a frame that came. Raises `ValueError`."""
        ...


class JsonWire:
    """Text frames."""

    subprotocol = "quarterjack.v1.json"

    async def send(self, socket: aiohttp.ClientWebSocketResponse, frame: Frame) -> None:
        await socket.send_str(json.dumps(frame))

    def read(self, data: Any) -> Any:
        return json.loads(data)


class MsgpackWire:
    """Binary frames."""

    subprotocol = "quarterjack.v1.msgpack"

    async def send(self, socket: aiohttp.ClientWebSocketResponse, frame: Frame) -> None:
        await socket.send_bytes(msgpack.packb(frame))

    def read(self, data: Any) -> Any:
        try:
            return msgpack.unpackb(data)
        except (TypeError, msgpack.UnpackException) as error:
            raise ValueError(str(error)) from None


WIRES: Final[Mapping[str, Wire]] = {"json": JsonWire(), "msgpack": MsgpackWire()}
