"""A WebSocket client that sends the bytes it is given, also wrong ones, and reads frames or not."""

import base64
import json
import os
import socket
import struct
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

_SECONDS = 20
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class RawFrame(NamedTuple):
    """A frame of the server."""

    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        """That of a close."""
        assert self.opcode == CLOSE, self
        return int.from_bytes(self.payload[:2])

    @property
    def json(self) -> Any:
        """What is in a text frame."""
        return json.loads(self.payload)


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, reserved: int = 0
) -> bytes:
    """The bytes of a frame."""
    first = (0x80 if fin else 0) | reserved | opcode
    mask_bit = 0x80 if masked else 0
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", first, mask_bit | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, mask_bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, length)
    # A key of zeros leaves the payload as it is.
    return head + (b"\0\0\0\0" if masked else b"") + payload


def text(value: object) -> bytes:
    """The frame with a value as JSON."""
    return frame(TEXT, json.dumps(value).encode())


class RawWebSocket:
    """Connected by `open`; use as a context manager."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._read = b""

    @classmethod
    def open(
        cls, url: str, *, protocol: str = "", receive_buffer: int = 0, early: bytes = b""
    ) -> Self:
        """Connect to the server at `url`; `early` is sent together with the request."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(_SECONDS)
        connection.connect((parts.hostname, parts.port))
        raw = cls(connection)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /api/ws HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        )
        if protocol:
            head += f"Sec-WebSocket-Protocol: {protocol}\r\n"
        connection.sendall(head.encode() + b"\r\n" + early)
        answer = raw._until(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        return raw

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    def send(self, data: bytes) -> None:
        """Send bytes; what the server does not take any more is lost."""
        try:
            self.connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def receive(self) -> RawFrame:
        """The next frame."""
        first, second = self._exactly(2)
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(self._exactly(2 if length == 126 else 8))
        return RawFrame(first & 0x0F, self._exactly(length))

    def event(self) -> Any:
        """The JSON of the next frame that is no ping; pings are answered."""
        while (found := self.receive()).opcode == PING:
            self.send(frame(PONG, found.payload))
        return found.json

    def closed(self) -> int:
        """The code with which the server closes; other frames are passed over."""
        while (found := self.receive()).opcode != CLOSE:
            pass
        return found.code

    def at_end(self) -> bool:
        """Whether the server ends the connection, with what it still sends passed over."""
        try:
            while self.connection.recv(65_536):
                pass
        except ConnectionResetError:
            return True
        return True

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._more()
        found, _, self._read = self._read.partition(end)
        return found

    def _exactly(self, count: int) -> bytes:
        while len(self._read) < count:
            self._more()
        found, self._read = self._read[:count], self._read[count:]
        return found

    def _more(self) -> None:
        data = self.connection.recv(65_536)
        if not data:
            raise EOFError("the server has ended the connection")
        self._read += data
