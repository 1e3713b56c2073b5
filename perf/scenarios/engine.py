"""The actor engine beside pykka's own actors, which have a thread each, and beside the raw limits."""

import asyncio
import threading
import tracemalloc
from collections import deque
from statistics import median
from typing import Any

import pykka

from perf.harness import Scenario, Size, Subject, stopwatch
from quarterjack.actors.engine import (
    Actor,
    ActorSystem,
    ChildSpec,
    LoopDispatcher,
    Ping,
    Ref,
    Supervisor,
    SystemClock,
    handles,
)


class Counter(Actor):
    """Adds up; an ask for the sum comes after all that was told before."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = 0

    @handles(int)
    def add(self, message: int) -> int:
        self.sum += message
        return self.sum


class Link(Actor):
    """Passes a number on, one less each time."""

    def __init__(self) -> None:
        super().__init__()
        self.next: Ref[Any] | None = None
        self.done: asyncio.Event | None = None

    @handles(int)
    def passed(self, hops: int) -> None:
        if hops and self.next is not None:
            self.next.tell(hops - 1)
        elif self.done is not None:
            self.done.set()


class PykkaCounter(pykka.ThreadingActor):
    """The same, as pykka has it."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = 0

    def on_receive(self, message: int) -> int:
        self.sum += message
        return self.sum


class PykkaLink(pykka.ThreadingActor):
    """The same, as pykka has it."""

    next: Any = None
    done: threading.Event

    def on_receive(self, hops: int) -> None:
        if hops:
            self.next.tell(hops - 1)
        else:
            self.done.set()


class Stage:
    """An actor system on the running loop, ended with the block."""

    async def __aenter__(self) -> "Stage":
        loop = asyncio.get_running_loop()
        self.system = ActorSystem(SystemClock(loop), LoopDispatcher(loop))
        self._root = self.system.spawn(ChildSpec("root", lambda: Supervisor([])))
        await self._root.ref.ask(Ping())
        return self

    async def __aexit__(self, *_: object) -> None:
        stopped = asyncio.Event()
        self.system.on_stopped(stopped.set)
        self.system.stop(self._root.ref)
        await stopped.wait()
        self.system.dispatcher.close()

    async def spawn(self, kind: type[Actor], count: int) -> list[Ref[Any]]:
        """So many actors of a kind, started."""
        supervisor: Any = self._root.actor
        refs = [supervisor.start_child(ChildSpec(f"a{n}", kind)) for n in range(count)]
        await refs[-1].ask(Ping())
        return refs


def tell(size: Size) -> float:
    """Messages per second from one sender to one receiver."""
    count = size.of(300_000)

    async def measure() -> float:
        async with Stage() as stage:
            (ref,) = await stage.spawn(Counter, 1)
            with stopwatch() as watch:
                for _ in range(count):
                    ref.tell(1)
                assert await ref.ask(0) == count
            return watch.rate(count)

    return asyncio.run(measure())


def pykka_tell(size: Size) -> float:
    """The same with pykka."""
    count = size.of(60_000)
    ref = PykkaCounter.start()
    with stopwatch() as watch:
        for _ in range(count):
            ref.tell(1)
        assert ref.ask(0) == count
    ref.stop()
    return watch.rate(count)


def bare_queue(size: Size) -> float:
    """The limit: append, take, call."""
    count = size.of(300_000)
    waiting: deque[int] = deque()
    total = 0

    def add(message: int) -> None:
        nonlocal total
        total += message

    with stopwatch() as watch:
        for _ in range(count):
            waiting.append(1)
        while waiting:
            add(waiting.popleft())
    return watch.rate(count)


def ask(size: Size) -> float:
    """Median microseconds for a question from another thread and its answer."""
    count = size.of(3_000)

    def measure_in_thread(ref: Ref[Any]) -> float:
        return _median_microseconds(lambda: ref.ask(0).get(), count)

    async def measure() -> float:
        async with Stage() as stage:
            (ref,) = await stage.spawn(Counter, 1)
            return await asyncio.to_thread(measure_in_thread, ref)

    return asyncio.run(measure())


def pykka_ask(size: Size) -> float:
    """The same with pykka."""
    ref = PykkaCounter.start()
    try:
        return _median_microseconds(lambda: ref.ask(0), size.of(3_000))
    finally:
        ref.stop()


def _median_microseconds(question: Any, count: int) -> float:
    taken = []
    for _ in range(count):
        with stopwatch() as watch:
            question()
        taken.append(watch.seconds)
    return median(taken) * 1e6


def ring(size: Size) -> float:
    """Microseconds a hop around 1,000 actors."""
    links, hops = size.of(1_000, 100), size.of(200_000)

    async def measure() -> float:
        async with Stage() as stage:
            refs = await stage.spawn(Link, links)
            done = asyncio.Event()
            for ref, following in zip(refs, [*refs[1:], refs[0]], strict=True):
                actor: Any = ref.cell.actor
                actor.next, actor.done = following, done
            with stopwatch() as watch:
                refs[0].tell(hops)
                await done.wait()
            return watch.seconds / hops * 1e6

    return asyncio.run(measure())


def pykka_ring(size: Size) -> float:
    """The same with pykka."""
    links, hops = size.of(1_000, 100), size.of(10_000)
    done = threading.Event()
    refs = [PykkaLink.start() for _ in range(links)]
    for ref, following in zip(refs, [*refs[1:], refs[0]], strict=True):
        actor: Any = ref._actor_weakref()
        actor.next, actor.done = following, done
    with stopwatch() as watch:
        refs[0].tell(hops)
        done.wait()
    pykka.ActorRegistry.stop_all()
    return watch.seconds / hops * 1e6


def spawn(size: Size) -> float:
    """Actors started per second."""
    count = size.of(20_000)

    async def measure() -> float:
        async with Stage() as stage:
            with stopwatch() as watch:
                await stage.spawn(Counter, count)
            return watch.rate(count)

    return asyncio.run(measure())


def pykka_spawn(size: Size) -> float:
    """The same with pykka."""
    count = size.of(1_000)
    with stopwatch() as watch:
        refs = [PykkaCounter.start() for _ in range(count)]
    pykka.ActorRegistry.stop_all()
    assert len(refs) == count
    return watch.rate(count)


def memory(size: Size) -> float:
    """Python's kilobytes per idle actor."""
    count = size.of(5_000)

    async def measure() -> float:
        async with Stage() as stage:
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            refs = await stage.spawn(Counter, count)
            after, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return (after - before) / len(refs) / 1_000

    return asyncio.run(measure())


def pykka_memory(size: Size) -> float:
    """The same with pykka, without its threads' stacks."""
    count = size.of(500)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    refs = [PykkaCounter.start() for _ in range(count)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    pykka.ActorRegistry.stop_all()
    return (after - before) / len(refs) / 1_000


_PYKKA = "pykka ThreadingActor"
SCENARIOS = (
    Scenario(
        "tell",
        "messages from one sender to one receiver",
        "1/s",
        higher_is_better=True,
        ours=Subject("loop actor", tell),
        others=(Subject(_PYKKA, pykka_tell), Subject("deque and call", bare_queue)),
        floor=1.2,
    ),
    Scenario(
        "ask",
        "a question from another thread, median",
        "µs",
        higher_is_better=False,
        ours=Subject("loop actor", ask),
        others=(Subject(_PYKKA, pykka_ask),),
        floor=0.2,
    ),
    Scenario(
        "ring",
        "a hop around a ring of 1,000",
        "µs",
        higher_is_better=False,
        ours=Subject("loop actor", ring),
        others=(Subject(_PYKKA, pykka_ring),),
        floor=2.0,
    ),
    Scenario(
        "spawn",
        "actors started",
        "1/s",
        higher_is_better=True,
        ours=Subject("loop actor", spawn),
        others=(Subject(_PYKKA, pykka_spawn),),
        floor=2.0,
    ),
    Scenario(
        "memory",
        "an idle actor",
        "kB",
        higher_is_better=False,
        ours=Subject("loop actor", memory),
        others=(Subject(_PYKKA, pykka_memory),),
        floor=1.0,
    ),
)
