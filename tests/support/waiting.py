"""Waiting for what will be true, with a limit instead of a guess."""

import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | Literal[False] | None], *, within: float = 20) -> T:
    """The first true value; AssertionError with the last one after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not so within {within} s; last seen: {found!r}"
        time.sleep(0.02)
