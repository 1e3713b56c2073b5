"""A bounded part of a stream of bytes, as text: its end, or its beginning; the rest is counted only.

What is no UTF-8 becomes `\\ufffd`; no character is cut in two.
"""

_CONTINUATION = range(0x80, 0xC0)
_LONGEST_CHARACTER = 4


class Tail:
    """The last `limit` bytes.

    >>> end = Tail(4)
    >>> end.add(b"one two")
    >>> end.text(), end.dropped
    (' two', 3)
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()
        self._total = 0

    def add(self, data: bytes) -> None:
        """More of the stream."""
        self._total += len(data)
        self._bytes += data[-self._limit :]
        if len(self._bytes) > 2 * self._limit:
            del self._bytes[: -self._limit]

    def text(self) -> str:
        """What is kept."""
        return self._kept().decode(errors="replace")

    @property
    def dropped(self) -> int:
        """How many bytes are not in the text."""
        return self._total - len(self._kept())

    def _kept(self) -> bytes:
        kept = bytes(self._bytes[-self._limit :])
        if len(kept) == self._total:
            return kept
        start = 0
        while start < min(_LONGEST_CHARACTER - 1, len(kept)) and kept[start] in _CONTINUATION:
            start += 1
        return kept[start:]


class Head:
    """The first `limit` bytes.

    >>> begin = Head(3)
    >>> begin.add(b"one two")
    >>> begin.text("utf-8"), begin.total
    ('one', 7)
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()
        self.total = 0
        """How many bytes there were."""

    def add(self, data: bytes) -> None:
        """More of the stream."""
        self.total += len(data)
        self._bytes += data[: self._limit - len(self._bytes)]

    @property
    def kept(self) -> int:
        """How many bytes are in the text."""
        return len(self._bytes)

    def text(self, encoding: str) -> str:
        """What is kept."""
        return self._bytes.decode(encoding, "replace")
