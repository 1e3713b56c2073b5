"""Of every ten starts one is of the oldest, whatever arrives meanwhile."""

from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.fairness import ONE_IN, Order, order_of_next

ARRIVALS = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=200)


def _started(arrivals: list[list[int]]) -> list[tuple[int, int, int]]:
    """One start after each batch of priorities: (arrival, how many older ones waited, turn)."""
    waiting: list[tuple[int, int]] = []
    found, younger, arrival = [], 0, 0
    for turn, batch in enumerate([*arrivals, *[[]] * 1_000]):
        for priority in batch:
            waiting.append((priority, arrival))
            arrival += 1
        if not waiting:
            continue
        oldest = min(waiting, key=lambda each: each[1])
        taken = oldest if order_of_next(younger) is Order.AGE else min(waiting)
        younger = 0 if taken == oldest else younger + 1
        waiting.remove(taken)
        found.append((taken[1], sum(1 for each in waiting if each[1] < taken[1]), turn))
    return found


@given(ARRIVALS)
@settings(max_examples=100, deadline=None, database=None)
def test_any_ten_starts_in_a_row_have_the_oldest_among_them(arrivals: list[list[int]]) -> None:
    was_oldest = [older == 0 for _, older, _ in _started(arrivals)]

    for start in range(len(was_oldest) - ONE_IN + 1):
        assert any(was_oldest[start : start + ONE_IN])


@given(st.integers(0, 30))
@settings(max_examples=31, deadline=None, database=None)
def test_under_a_flood_one_with_so_many_older_ones_waits_so_long(older: int) -> None:
    first = [9] * (older + 1)
    flood = [[*first, 0, 0], *[[0, 0]] * 500]

    turns = {arrival: turn for arrival, _, turn in _started(flood)}

    assert turns[older] < ONE_IN * (older + 1)
    assert turns[older] >= ONE_IN * (older + 1) - 1, "and the flood has the rest"
