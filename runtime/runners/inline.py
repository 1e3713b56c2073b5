"""Runs a step at once, on the thread that submits it: for tests and simulation, where order matters."""

import asyncio
import threading
from collections.abc import Callable

from quarterjack.actors.runner import AttemptKey, StepBegan, StepReport, StepTask
from quarterjack.storage.plain_data import Packed

from ..step_call import StepCall, is_coroutine


class InlineRunner:
    """Nothing is ever in flight, so nothing can be cancelled."""

    def start(self) -> None:
        """There is nothing to warm up."""

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt to its end."""
        report(StepBegan(task.key))
        call = StepCall(task, threading.Event(), report)
        report(asyncio.run(call.run_coroutine()) if is_coroutine(task) else call.run())

    def cancel(self, key: AttemptKey) -> None:
        """Too late: it has ended."""

    def in_flight(self, key: AttemptKey) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def output(self, key: AttemptKey) -> Packed | None:  # noqa: ARG002
        """Not kept."""
        return None

    def close(self) -> None:
        """There is nothing to give back."""
