"""Workflows for the run queue: each says when it runs, and what it was called."""

import asyncio

from traces import append, is_there, opened

from quarterjack.runtime import Workflow

hold = Workflow("hold", description="Keeps its place until a file is there.")


@hold.step
async def holds(gate: str) -> None:
    await opened(gate)


labelled = Workflow("labelled", description="Says its name; fails until it is mended.")


@labelled.step
async def say(log: str, label: str, broken: bool = False) -> None:
    append(log, label)
    if broken and not is_there(f"{log}.mended"):
        raise ValueError(label)


async def stay(log: str) -> None:
    """Be there for a moment, which those beside can see."""
    append(log, "+")
    await asyncio.sleep(0.05)
    append(log, "-")


free = Workflow("free", description="As many as there are places.")
free.step(name="stay")(stay)

narrow = Workflow("narrow", description="Two at once.", max_concurrency=2)


@narrow.step
async def stay_until(log: str, gate: str) -> None:
    append(log, "+")
    await opened(gate)
    await asyncio.sleep(0.02)
    append(log, "-")


wide = Workflow("wide", description="As many as there are places, until a gate is opened.")
wide.step(name="stay_until")(stay_until)

rationed = Workflow("rationed", description="Two a second.", rate_limit="2/s")


@rationed.step
async def quick() -> None: ...
