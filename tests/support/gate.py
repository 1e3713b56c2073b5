"""Holds up steps in this process until the test lets them go, or they are cancelled."""

import threading
import time

from quarterjack.runtime import StepContext


class Gate:
    """Steps of the workflow `gated` wait until it is opened."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def wait(self) -> None:
        assert self._opened.wait(20)

    def wait_in(self, ctx: StepContext) -> None:
        """The same, and no longer than the step is wanted."""
        end = time.monotonic() + 20
        while not self._opened.wait(0.02) and not ctx.cancelled:
            assert time.monotonic() < end
