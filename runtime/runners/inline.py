"""Runs a step at once, on the thread that submits it: for tests and simulation, where order matters.

A virtual runtime has no asyncio loop on that thread, so there an `async def` runs here, too.
"""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime

from quarterjack.actors.engine import wall_clock
from quarterjack.actors.runner import AttemptKey, StepBegan, StepReport, StepTask
from quarterjack.storage.plain_data import Packed

from ..step_call import StepCall, raised
from ..step_output import Recording
from ..vault.scrubber import Scrubber
from ..vault.step_secrets import NO_SECRETS, StepSecrets


class InlineRunner:
    """Nothing is ever in flight, so nothing can be cancelled."""

    def __init__(
        self, now: Callable[[], datetime] = wall_clock, secrets: StepSecrets = NO_SECRETS
    ) -> None:
        self._now = now
        self._secrets = secrets

    def start(self) -> None:
        """There is nothing to warm up."""

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt to its end."""
        report(StepBegan(task.key))
        self.call(task, report)

    def call(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Call the function of an attempt that has begun, and report what came of it."""
        try:
            task = self._secrets.found(task) if self._secrets.has(task) else task
        except Exception as error:
            report(raised(task, error))
            return
        call, recording = StepCall(task, threading.Event(), report), Recording(self._now)
        recording.scrubber = Scrubber.of(task)
        with recording.entered():
            ended = asyncio.run(call.run_coroutine()) if task.step.is_coroutine else call.run()
        report(ended._replace(output=recording.tail.pack()))

    def cancel(self, key: AttemptKey) -> None:
        """Too late: it has ended."""

    def in_flight(self, key: AttemptKey) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def output(self, key: AttemptKey) -> Packed | None:  # noqa: ARG002
        """Nothing runs when somebody could ask."""
        return None

    def close(self) -> None:
        """There is nothing to give back."""
