"""How much a step of upkeep does, so that it takes as long as it may: learnt from those before it. Pure."""

from typing import Final, NamedTuple

TARGET: Final = 0.005
"""Seconds that one step may keep others from writing."""


class Pace(NamedTuple):
    """How much the next step does; never less than `least`, nor more than `most`.

    >>> Pace(100).after(100, 0.010)       # it took twice as long as it may
    Pace(amount=75, least=20, most=1000)
    """

    amount: int = 50
    least: int = 20
    most: int = 1_000

    def after(self, done: int, seconds: float) -> "Pace":
        """What was learnt from a step that did so much: half of the way to what would have been right."""
        if done * 2 < self.amount and seconds <= TARGET:
            return self  # there was little to do, which says nothing about doing more
        right = self.amount * 2
        if seconds > 0:
            right = min(right, max(self.amount // 4, round(done * TARGET / seconds)))
        learnt = (self.amount + right + 1) // 2
        return self._replace(amount=min(self.most, max(self.least, learnt)))
