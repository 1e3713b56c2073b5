"""Rankings of rankings, some closed: the first is always the one that a look at all would find."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.fairness import Order
from quarterjack.actors.policies.ranking import Ranking, Ticket

ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "take", "drop", "shut", "open"]), st.integers(0, 11)),
    max_size=80,
)


class Hall:
    """Twelve lanes in three groups, and the same tickets in plain lists."""

    def __init__(self) -> None:
        self.all: Ranking[int] = Ranking()
        self.shut: set[str] = set()
        self.groups = [
            Ranking(self.all, lambda name=f"group {n}": name not in self.shut)  # type: ignore[misc]
            for n in range(3)
        ]
        self.lanes = [
            Ranking(self.groups[n % 3], lambda name=f"lane {n}": name not in self.shut)  # type: ignore[misc]
            for n in range(12)
        ]
        self.tickets: list[list[Ticket[int]]] = [[] for _ in self.lanes]
        self.count = 0

    def add(self, lane: int) -> None:
        self.count += 1
        rank = (self.count * 7919 % 101, self.count)
        ticket = Ticket(lane, (rank, (self.count,)))
        self.tickets[lane].append(ticket)
        self.lanes[lane].add(ticket)

    def take(self, number: int) -> None:
        ticket = self.all.first(Order(number % 2))
        if ticket is not None:
            self.tickets[ticket.item].remove(ticket)
            self.lanes[ticket.item].discard(ticket)

    def drop(self, lane: int) -> None:
        if self.tickets[lane]:
            self.lanes[lane].discard(self.tickets[lane].pop(0))

    def close(self, lane: int) -> None:
        self.shut.add(f"lane {lane}")
        if lane < 3:
            self.shut.add(f"group {lane}")

    def open(self, lane: int) -> None:
        self.shut.discard(f"lane {lane}")
        self.lanes[lane].reopened()
        if lane < 3:
            self.shut.discard(f"group {lane}")
            self.groups[lane].reopened()

    def expected(self, order: Order) -> Ticket[int] | None:
        open_ones = [
            ticket
            for lane, tickets in enumerate(self.tickets)
            for ticket in tickets
            if not {f"lane {lane}", f"group {lane % 3}"} & self.shut
        ]
        return min(open_ones, key=lambda ticket: ticket.ranks[order], default=None)


@given(ACTIONS)
@settings(max_examples=200, deadline=None, database=None)
def test_the_first_is_the_first_of_those_that_are_open(actions: list[tuple[str, int]]) -> None:
    hall = Hall()
    act: dict[str, Any] = {
        "add": hall.add,
        "take": hall.take,
        "drop": hall.drop,
        "shut": hall.close,
        "open": hall.open,
    }
    for action, number in actions:
        act[action](number)

        for order in Order:
            assert hall.all.first(order) is hall.expected(order)


@pytest.mark.parametrize("order", list(Order))
def test_what_is_out_of_date_is_cleared_away(order: Order) -> None:
    """Those that go by one order leave nothing in the other, behind one that never goes."""
    ranking: Ranking[int] = Ranking()
    ranking.add(Ticket(0, ((0,), (0,))))
    for number in range(1, 10_000):
        ticket = Ticket(number, ((number,), (number,)))
        ranking.add(ticket)
        ranking.discard(ticket)

        assert ranking.first(order) is not None

    assert len(ranking) == 1
    assert all(len(heap._entries) < 100 for heap in ranking._heaps)
