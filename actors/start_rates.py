"""When executions may start under the rates of the server and of their workflows. Pure.

Only a first start counts: what goes on after a wait or a restart has started before. Instants are
whole microseconds of a clock that never goes back.
"""

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from quarterjack.storage import WorkflowId

from .policies.rate import Rate, RateWindow

SERVER: Final = WorkflowId("")
"""Stands for all workflows together."""


class Start(NamedTuple):
    """An execution of the workflow started then."""

    at: int
    workflow_id: WorkflowId


def past_starts(
    stored: Iterable[tuple[datetime, WorkflowId]], wall: datetime, now: int
) -> list[Start]:
    """Starts that are stored with the wall clock's time, which is `wall` at the instant `now`."""
    ages = ((max(timedelta(0), wall - at), key) for at, key in stored)
    return [Start(now - age // timedelta(microseconds=1), key) for age, key in ages]


class StartRates:
    """A window for each rate; a full one is closed until the time for the next start has come."""

    def __init__(self, server: Rate | None, workflows: Mapping[WorkflowId, Rate]) -> None:
        rates = dict(workflows) if server is None else {SERVER: server, **workflows}
        self._windows = {key: RateWindow(rate) for key, rate in rates.items()}
        self._closed: set[WorkflowId] = set()
        self._openings: list[tuple[int, WorkflowId]] = []
        self.longest = max((rate.window for rate in rates.values()), default=timedelta(0))
        """How far back starts matter."""

    def is_open(self, key: WorkflowId) -> bool:
        """Whether the workflow's rate, or with `SERVER` the server's, allows one more start."""
        return key not in self._closed

    def record(self, start: Start) -> None:
        """Count a start."""
        for key in (SERVER, start.workflow_id):
            if key in self._windows:
                self._windows[key].record(start.at)
                self._close_if_full(key, start.at)

    def restore(self, starts: Iterable[Start], now: int) -> None:
        """Count starts of before, so that nobody gets a second helping."""
        for start in sorted(starts):
            for key in {SERVER, start.workflow_id} & self._windows.keys():
                self._windows[key].record(start.at)
        for key in self._windows:
            self._close_if_full(key, now)

    def open_due(self, now: int) -> list[WorkflowId]:
        """Open those whose time has come; which they are."""
        found = []
        while self._openings and self._openings[0][0] <= now:
            _, key = heapq.heappop(self._openings)
            self._closed.discard(key)
            found.append(key)
        return found

    def next_opening(self) -> int | None:
        """When the next one is to be opened; None: none is closed."""
        return self._openings[0][0] if self._openings else None

    def _close_if_full(self, key: WorkflowId, now: int) -> None:
        opens_at = self._windows[key].opens_at()
        if opens_at is not None and opens_at > now:
            self._closed.add(key)
            heapq.heappush(self._openings, (opens_at, key))
