"""Which dispatcher runs actors on the calling thread, if any: what makes a blocking `get()` a bug."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_local = threading.local()


def on_actor_thread() -> bool:
    """Whether the calling thread is one on which actors are run."""
    return getattr(_local, "depth", 0) > 0


@contextmanager
def running_actors() -> Iterator[None]:
    """Mark the calling thread as running actors while the block lasts."""
    _local.depth = getattr(_local, "depth", 0) + 1
    try:
        yield
    finally:
        _local.depth -= 1


def mark_actor_thread(*, active: bool) -> None:
    """Mark the calling thread for as long as its event loop belongs to a dispatcher."""
    _local.depth = getattr(_local, "depth", 0) + (1 if active else -1)
