"""Faults from within a server, as bugs in it would be; the product has no such thing.

`CRASHING` names a file: the actor of the schedule whose id is in it crashes whenever it is started, and
is started again after some milliseconds instead of a minute.
"""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from pykka.messages import ProxyCall

from quarterjack.actors.cast_member import CastMember
from quarterjack.actors.engine import ActorSystem, virtual_actor
from quarterjack.actors.schedule import ScheduleActor
from quarterjack.runtime import StepContext, Workflow

systems: list[ActorSystem] = []
crashes: list[float] = []
_make, _began = ActorSystem.__init__, ScheduleActor._began


def _noted(system: ActorSystem, *arguments: Any, **more: Any) -> None:
    _make(system, *arguments, **more)
    systems.append(system)


def _blocks(_: CastMember, seconds: float) -> None:
    time.sleep(seconds)


ActorSystem.__init__ = _noted  # type: ignore[assignment, method-assign]
CastMember.blocks = _blocks  # type: ignore[attr-defined]


def _tell(name: str, attribute: str, *arguments: object) -> None:
    ref = systems[-1].find(f"quarterjack/{name}")
    assert ref is not None
    ref.tell(ProxyCall(attr_path=(attribute,), args=arguments, kwargs={}))


if "CRASHING" in os.environ:
    listed = Path(os.environ["CRASHING"])

    def _crashes_if_listed(actor: ScheduleActor, reply: Any) -> None:
        if listed.exists() and listed.read_text(encoding="utf-8") == actor._key:
            crashes.append(time.monotonic())
            raise RuntimeError("a bug")
        _began(actor, reply)

    ScheduleActor._began = _crashes_if_listed  # type: ignore[assignment, method-assign]
    virtual_actor._SLOW_RETRY = timedelta(milliseconds=5)

crash = Workflow("crash", description="Has an actor of the cast crash, so many times.")


@crash.step(runner="thread")
def crashed(ctx: StepContext, actor: str, times: int = 1) -> str:
    for _ in range(times if ctx.attempt == 1 else 0):
        _tell(actor, "a_fault")
        time.sleep(0.02)
    return actor


block = Workflow("block", description="Has an actor of the cast take so long for a message.")


@block.step(runner="thread")
def blocked(actor: str, seconds: float) -> str:
    _tell(actor, "blocks", seconds)
    return actor


counts = Workflow("counts", description="How often the schedule's actor has crashed.")


@counts.step(runner="thread")
def counted() -> int:
    return len(crashes)


tick = Workflow("tick", description="Ends at once.", max_concurrency=50)


@tick.step(runner="async")
async def ends(ctx: StepContext) -> int:
    return ctx.attempt


fails = Workflow("fails", description="Always fails.")


@fails.step(runner="async")
async def always() -> None:
    raise ConnectionError("nobody there")


three = Workflow("three", description="Three steps, one after the other.")
for _before, _name in zip((None, "one", "two"), ("one", "two", "three"), strict=True):
    three.step(name=_name, runner="thread", after=(_before,) if _before else ())(lambda: 1)


__all__ = ["block", "counts", "crash", "fails", "three", "tick"]
