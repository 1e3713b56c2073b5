"""Progress at a limited rate: the newest is told at most every 100 ms, and once more at the end."""

import time
from typing import Final

from quarterjack.actors.runner import StepProgressed

from .channel import Channel
from .packed_task import packed_report

_SECONDS: Final = 0.1


class Pulse:
    """Of one attempt; on the step's thread."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._told = float("-inf")
        self._waiting: StepProgressed | None = None

    def progress(self, report: StepProgressed) -> None:
        """Tell it, or keep it for later."""
        self._waiting = report
        if time.monotonic() - self._told >= _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Tell what waits."""
        report, self._waiting = self._waiting, None
        if report is not None:
            self._told = time.monotonic()
            self._channel.send(*packed_report(report))
