"""Holds up steps in this process until the test lets them go."""

import threading


class Gate:
    """Steps of the workflow `gated` wait until it is opened."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def wait(self) -> None:
        assert self._opened.wait(20)
