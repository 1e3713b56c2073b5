"""In which order those that wait are started, so that nothing starves. Pure.

Of every ten starts at least one is of the execution that has waited longest, among those that may
start at that moment, whatever its priority. The others go by turn: priority, then due time, then
arrival. So one with k older ones before it has started after at most 10·(k + 1) starts.
"""

from enum import IntEnum
from typing import Final

ONE_IN: Final = 10


class Order(IntEnum):
    """Two ways to look at a queue."""

    TURN = 0
    """By priority, due time, arrival."""
    AGE = 1
    """By how long they have waited."""


def order_of_next(younger: int) -> Order:
    """Which order decides the next start, after so many in a row of others than the oldest.

    >>> [order_of_next(younger).name for younger in (0, 8, 9)]
    ['TURN', 'TURN', 'AGE']
    """
    return Order.AGE if younger >= ONE_IN - 1 else Order.TURN
