"""Runs a step at once, on the thread that submits it: for tests and simulation, where order matters."""

import asyncio
import inspect
import threading
from collections.abc import Callable

from quarterjack.actors.runner import AttemptKey, StepBegan, StepReport, StepTask

from ..step_call import arguments, raised, returned


class InlineRunner:
    """Nothing is ever in flight, so nothing can be cancelled."""

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt to its end."""
        report(StepBegan(task.key))
        try:
            function = task.step.function
            value = function(**arguments(task, threading.Event(), report))
            if inspect.iscoroutine(value):
                value = asyncio.run(value)
        except BaseException as error:
            report(raised(task, error))
        else:
            report(returned(task, value))

    def cancel(self, key: AttemptKey) -> None:
        """Too late: it has ended."""

    def in_flight(self, key: AttemptKey) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def close(self) -> None:
        """There is nothing to give back."""
