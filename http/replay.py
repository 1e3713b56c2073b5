"""Stored events for clients that resume: read in blocks that all of them share, each encoded once.

So a thousand clients that come back at once cost one read of each block, and one encoding per format.
Runs on the loop; the reads are made on others' threads.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from quarterjack.actors.broadcaster import Published
from quarterjack.actors.engine import Reply
from quarterjack.runtime import Runtime
from quarterjack.storage import Event, QuarterjackError

BLOCK: Final = 256
"""Sequence numbers of a block: the first is that of 1 to 256."""
_KEPT: Final = 32
_AT_ONCE: Final = 8
_NO_END: Final = 2**62


class Pruned(QuarterjackError):
    """Events that were asked for are not stored any more; `oldest` is the first that is."""

    def __init__(self, after: int, oldest: int) -> None:
        self.oldest = oldest
        super().__init__(
            f"the events from {after + 1} on are deleted up to {oldest - 1}; "
            f"look at what is now, and subscribe after {oldest - 1}"
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """All stored events of a block up to `through`."""

    events: list[Published]
    through: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """A block on its way, by a query made when all up to `end` was committed."""

    end: int
    reply: Reply[list[Event]]


class StoredEvents:
    """`page` by page, in order."""

    def __init__(self, runtime: Runtime) -> None:
        self.turns = asyncio.Semaphore(_AT_ONCE)
        """For bursts of stored events: live ones wait for a few of them, however many clients resume."""
        self._runtime = runtime
        self._blocks: OrderedDict[int, _Block] = OrderedDict()
        self._reads: dict[int, _Reading] = {}

    def end(self, after: int, until: int) -> int:
        """Up to which number the page after that one goes: at most to the end of a block."""
        return min(until, (after // BLOCK + 1) * BLOCK)

    async def page(self, after: int, until: int) -> list[Published]:
        """The events with `after` < seq ≤ `end(after, until)`, all of which must be committed.

        Raises `Pruned` when they are not there from the first on, and what the database raises.
        """
        number, end = after // BLOCK, self.end(after, until)
        block = self._blocks.get(number)
        if block is None or block.through < end:
            block = await self._load(number, end)
        self._blocks.move_to_end(number)
        found = [each for each in block.events if after < each.event.seq <= end]
        if after < end and (not found or found[0].event.seq != after + 1):
            raise Pruned(after, await self._oldest(after, until))
        return found

    async def has(self, seq: int) -> bool:
        """Whether there is an event of that number."""
        return bool(await self._runtime.events(seq - 1, seq, 1))

    async def _oldest(self, after: int, until: int) -> int:
        """The first number after that one that is stored, or will be."""
        following = await self._runtime.events(after, _NO_END, 1)
        return following[0].seq if following else until + 1

    async def _load(self, number: int, end: int) -> _Block:
        reading = self._reads.get(number)
        if reading is None or reading.end < end:
            first = number * BLOCK
            reading = _Reading(end, self._runtime.events(first, first + BLOCK, BLOCK))
            self._reads[number] = reading
        try:
            found = await reading.reply
        finally:
            if self._reads.get(number) is reading:
                del self._reads[number]
        return self._keep(number, found, reading.end)

    def _keep(self, number: int, found: list[Event], end: int) -> _Block:
        """Keep a block, with the encodings that are there."""
        block = self._blocks.get(number)
        if block is not None and block.through >= end:
            return block
        known = {} if block is None else {each.event.seq: each for each in block.events}
        events = [known.get(event.seq) or Published(event) for event in found]
        through = max(end, events[-1].event.seq if events else 0)
        self._blocks[number] = block = _Block(events, through)
        while len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)
        return block


class LetOthers:
    """Awaited, it lets everything else that is ready on the loop go first."""

    def __await__(self) -> Generator[None, None, None]:
        yield
