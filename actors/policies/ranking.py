"""Finds the first of many in two orders, among those that may be taken now. Pure.

A `Ranking` ranks tickets, or other rankings by the first that each of them has. A ranking that is
closed is passed over with all that is in it, so a hundred thousand that are held back cost those
behind them nothing: every operation is O(log n) in the long run.
"""

import heapq
from collections.abc import Callable
from typing import Generic, Protocol, TypeAlias, TypeVar

from .fairness import Order

T = TypeVar("T")
Rank: TypeAlias = tuple[float, ...]
"""Smaller is earlier. Within an order no two tickets have the same."""
_SPARE = 16


class Member(Protocol[T]):
    """What can be ranked."""

    def first(self, order: Order) -> "Ticket[T] | None":
        """The first ticket in it that may be taken now; None: none may."""
        ...


class Ticket(Generic[T]):
    """One that waits, with its rank in each order."""

    __slots__ = ("item", "ranks")

    def __init__(self, item: T, ranks: tuple[Rank, Rank]) -> None:
        self.item = item
        self.ranks = ranks

    def first(self, _: Order) -> "Ticket[T]":
        """Itself."""
        return self


class _Heap(Generic[T]):
    """The members in one order.

    An entry's rank is never later than that of its member's first, because whatever makes that
    earlier is told; what makes it later (it was taken, or something closed) shows when it surfaces.
    """

    __slots__ = ("_entries", "_listed", "_order")

    def __init__(self, order: Order) -> None:
        self._order = order
        self._entries: list[tuple[Rank, Member[T]]] = []
        self._listed: dict[Member[T], Rank | None] = {}
        """Each member's newest entry; None: it was closed when it surfaced."""

    def __len__(self) -> int:
        return len(self._listed)

    def add(self, member: Member[T]) -> None:
        self._listed[member] = None

    def discard(self, member: Member[T]) -> None:
        del self._listed[member]

    def update(self, member: Member[T]) -> bool:
        """List the member by its first; whether it has come to the top by that."""
        found = member.first(self._order)
        if found is None or self._listed[member] == found.ranks[self._order]:
            return False
        entry = (found.ranks[self._order], member)
        self._listed[member] = entry[0]
        heapq.heappush(self._entries, entry)
        self._tidy()
        return self._entries[0][1] is member

    def first(self) -> Ticket[T] | None:
        while self._entries:
            rank, member = self._entries[0]
            if self._listed.get(member) != rank:
                heapq.heappop(self._entries)
                continue
            found = member.first(self._order)
            if found is not None and found.ranks[self._order] == rank:
                return found
            heapq.heappop(self._entries)
            self._listed[member] = None
            self.update(member)
        return None

    def _tidy(self) -> None:
        """Drop what is out of date before it is the greater part."""
        if len(self._entries) > 2 * len(self._listed) + _SPARE:
            self._entries = [
                (rank, member) for member, rank in self._listed.items() if rank is not None
            ]
            heapq.heapify(self._entries)


class Ranking(Generic[T]):
    """Members in both orders. Whoever opens one that was closed calls `reopened`."""

    __slots__ = ("_above", "_heaps", "_is_open")

    def __init__(
        self,
        above: "Ranking[T] | None" = None,
        is_open: Callable[[], bool] | None = None,
    ) -> None:
        self._above = above
        self._is_open = is_open
        self._heaps: tuple[_Heap[T], _Heap[T]] = (_Heap(Order.TURN), _Heap(Order.AGE))
        if above is not None:
            above._list(self)

    def __len__(self) -> int:
        return len(self._heaps[Order.TURN])

    def add(self, member: Member[T]) -> None:
        """Rank one more."""
        self._list(member)
        self._changed(member)

    def discard(self, member: Member[T]) -> None:
        """Rank it no more."""
        for heap in self._heaps:
            heap.discard(member)

    def first(self, order: Order) -> Ticket[T] | None:
        """The first that may be taken now."""
        if self._is_open is not None and not self._is_open():
            return None
        return self._heaps[order].first()

    def reopened(self) -> None:
        """Its first may be earlier than before: tell the one above."""
        if self._above is not None:
            self._above._changed(self)

    def leave(self) -> None:
        """Be ranked no more in the one above."""
        if self._above is not None:
            self._above.discard(self)

    def _list(self, member: Member[T]) -> None:
        for heap in self._heaps:
            heap.add(member)

    def _changed(self, member: Member[T]) -> None:
        on_top = [heap.update(member) for heap in self._heaps]
        if any(on_top):
            self.reopened()
