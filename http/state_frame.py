"""Frames that tell a state over the WebSocket, encoded once however many clients get them.

What is large is encoded part by part, and others have their turn in between.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .frames import Codec
from .replay import LetOthers

_PIECE: Final = 100
"""Parts that are encoded in one go."""


class StatePart:
    """Something that can be in several frames."""

    __slots__ = ("_encoded", "_make")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._encoded: dict[str, bytes] = {}

    def is_encoded(self, codec: Codec) -> bool:
        """Whether nothing is to be done for `encoded`."""
        return codec.name in self._encoded

    def encoded(self, codec: Codec) -> bytes:
        """The part as that codec writes it."""
        found = self._encoded.get(codec.name)
        if found is None:
            found = self._encoded[codec.name] = codec.write(self._make())
        return found


class StateFrame:
    """The `data` of a frame: these fields, and `items` if there are any to be."""

    def __init__(
        self, topic: str, fields: Mapping[str, Any], items: Sequence[StatePart] | None = None
    ) -> None:
        self._topic = topic
        self._fields = fields
        self._items = items
        self._encoded: dict[str, bytes] = {}
        self._encoding = asyncio.Lock()

    async def encode(self, codec: Codec) -> None:
        """Be ready for `written`."""
        if codec.name in self._encoded:
            return
        async with self._encoding:  # the others wait for the first
            if codec.name not in self._encoded:
                self._encoded[codec.name] = await self._data(codec)

    def written(self, codec: Codec, ids: tuple[str, ...]) -> bytes:
        """The whole frame, for these subscriptions."""
        fields = {"op": "state", "ids": ids, "topic": self._topic}
        whole = {name: codec.write(value) for name, value in fields.items()}
        return codec.object_of({**whole, "data": self._encoded[codec.name]})

    async def _data(self, codec: Codec) -> bytes:
        fields = {name: codec.write(value) for name, value in self._fields.items()}
        if self._items is not None:
            todo = [part for part in self._items if not part.is_encoded(codec)]
            for start in range(0, len(todo), _PIECE):
                for part in todo[start : start + _PIECE]:
                    part.encoded(codec)
                await LetOthers()
            fields["items"] = codec.list_of([part.encoded(codec) for part in self._items])
        return codec.object_of(fields)
