"""How server and worker talk: frames of msgpack, each `[kind, …]` with its length before it.

A worker can be killed in the middle of a frame, so the reader never waits for the rest of one.
"""

from enum import StrEnum
from struct import Struct
from typing import Any, Final

import msgpack

_LENGTH: Final = Struct("!I")


class FromServer(StrEnum):
    """What the server says."""

    RUN = "run"
    """serial, task: run a step. The serial number is that of the attempt on this worker."""
    CANCEL = "cancel"
    """serial: end that attempt; nothing, when it is another that runs."""


class FromWorker(StrEnum):
    """What a worker says."""

    READY = "ready"
    """The modules are imported."""
    UNABLE = "unable"
    """type, message: a module could not be imported, or a workflow is not in it."""
    LEAVING = "leaving"
    """It ends after the report that comes next; another worker must take its place."""
    BEGAN = "began"
    PROGRESSED = "progressed"
    """done, total, note"""
    EMITTED = "emitted"
    """name, key, packed payload, mark: an event"""
    RETURNED = "returned"
    """packed result"""
    SKIPPED = "skipped"
    RAISED = "raised"
    """type, message, traceback, kinds"""


def frame(kind: str, *values: Any) -> bytes:
    """One frame."""
    body: bytes = msgpack.packb([kind, *values])
    return _LENGTH.pack(len(body)) + body


class FrameBuffer:
    """Puts frames together from the pieces that they come in."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, piece: bytes) -> list[list[Any]]:
        """The frames that are complete with this piece.

        >>> buffer, sent = FrameBuffer(), frame("cancel", 7)
        >>> buffer.feed(sent[:3]), buffer.feed(sent[3:] + sent)
        ([], [['cancel', 7], ['cancel', 7]])
        """
        self._bytes += piece
        found, begin = [], 0
        while len(self._bytes) - begin >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes, begin)
            end = begin + _LENGTH.size + length
            if len(self._bytes) < end:
                break
            found.append(msgpack.unpackb(self._bytes[begin + _LENGTH.size : end]))
            begin = end
        del self._bytes[:begin]
        return found
