"""A row of changes that delete what need not be kept, each made when the one before it is done. Pure."""

from collections.abc import Callable

from quarterjack.storage.pruning import BEGIN, Keep, Patience, Place, Prune, Pruned

from .policies.pace import TARGET, Pace


class Sweep:
    """Through the whole database, or (with `workflow_id`) that workflow's executions; at most `most` rows."""

    def __init__(self, workflow_id: str | None = None, most: int | None = None) -> None:
        self.found = Pruned(place=BEGIN)
        self._workflow_id = workflow_id
        self._most = most

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to be done any more, or nothing more was asked for."""
        if self._most is not None and self.found.rows >= self._most:
            return True
        return self.found.place is None

    def next(self, keep: Keep, pace: Pace, clock: Callable[[], float]) -> Prune:
        """The next change, while it is not done."""
        place: Place = self.found.place or BEGIN
        left = pace.amount if self._most is None else self._most - self.found.rows
        return Prune(
            keep,
            self._workflow_id,
            most=min(pace.amount, left),
            place=place,
            effort=pace.amount,
            patience=Patience(clock, TARGET / 2),
        )

    def went(self, pruned: Pruned) -> None:
        """The change is made."""
        self.found = self.found + pruned
