"""A WebSocket client for tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgpack

Frame = dict[str, Any]
JSON = "quarterjack.v1.json"
MSGPACK = "quarterjack.v1.msgpack"
_SECONDS = 20


class LiveClient:
    """One connection; frames are read as they come."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, frame: Frame) -> None:
        if self.socket.protocol == MSGPACK:
            await self.socket.send_bytes(msgpack.packb(frame))
        else:
            await self.socket.send_str(json.dumps(frame))

    async def receive(self) -> Frame:
        """The next frame."""
        message = await asyncio.wait_for(self.socket.receive(), _SECONDS)
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
        binary = message.type is aiohttp.WSMsgType.BINARY
        frame: Frame = msgpack.unpackb(message.data) if binary else json.loads(message.data)
        return frame

    async def ask(self, frame: Frame) -> Frame:
        """Send a frame and get the next one back."""
        await self.send(frame)
        return await self.receive()

    async def subscribe(self, name: str = "a", topic: str = "*", **more: Any) -> int:
        """Subscribe; the sequence number after which events come."""
        answer = await self.ask({"op": "subscribe", "id": name, "topic": topic, **more})
        assert answer["op"] == "subscribed", answer
        assert answer["id"] == name
        return int(answer["seq"])

    async def until(self, enough: Callable[[list[Frame]], bool]) -> list[Frame]:
        """The frames that come until there are enough."""
        frames: list[Frame] = []
        while not enough(frames):
            frames.append(await self.receive())
        return frames

    async def closed(self) -> int | None:
        """The code with which the server closes."""
        while True:
            message = await asyncio.wait_for(self.socket.receive(), _SECONDS)
            if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                return self.socket.close_code


@asynccontextmanager
async def live_client(url: str, protocol: str = JSON, **more: Any) -> AsyncIterator[LiveClient]:
    """A connection to the server at `url`."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/api/ws", protocols=(protocol,), **more) as socket,
    ):
        yield LiveClient(socket)
