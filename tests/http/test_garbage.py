"""Full looks for garbage are made when the server is idle, not in the middle of a crowd, but are made."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from itertools import count

import pytest

from quarterjack.http import garbage
from quarterjack.http.garbage import Garbage

QUICKLY = 0.02


class Ring:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(garbage, "_EVERY", QUICKLY)
    gc.unfreeze()  # a command in the same process may have frozen what it loaded
    before = gc.get_threshold()
    yield
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def much_that_stays() -> list[list[None]]:
    """So much that several looks at what is new are made."""
    return [[] for _ in range(200_000)]


async def _is_freed(processor_seconds: Iterator[float]) -> bool:
    """Whether old garbage is gone after a while in which so much processor time was used."""
    keeper = Garbage(lambda: next(processor_seconds))
    keeper.start()
    try:
        ring = Ring()
        gone = weakref.ref(ring)
        gc.collect(1)  # it is old now
        del ring
        stays = much_that_stays()
        await asyncio.sleep(10 * QUICKLY)
        assert stays
        return gone() is None
    finally:
        keeper.stop()


def test_what_was_not_started_is_stopped_without_effect() -> None:
    before = gc.get_freeze_count()
    Garbage().stop()
    assert gc.get_freeze_count() == before


def test_an_idle_server_looks_for_garbage() -> None:
    assert asyncio.run(_is_freed(count(0, 0))) is True


def test_a_busy_one_waits_with_it() -> None:
    assert asyncio.run(_is_freed(count(0, QUICKLY))) is False


def test_a_busy_one_looks_when_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_MOST", 15)
    assert asyncio.run(_is_freed(count(0, QUICKLY))) is True


def test_without_anything_new_there_is_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    async def idle() -> None:
        keeper = Garbage(lambda: 0.0)
        keeper.start()
        monkeypatch.setattr(gc, "collect", lambda: looks.append(1))
        await asyncio.sleep(10 * QUICKLY)
        keeper.stop()

    asyncio.run(idle())
    assert looks == []
