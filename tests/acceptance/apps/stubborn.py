"""Steps of every kind that wait for ever, and say how they were ended."""

import asyncio
import time

from traces import append, is_there, opened

from quarterjack.runtime import Retry, StepContext, Workflow


def tell(flow: Workflow, *, waits: str) -> Workflow:
    """Give a workflow a step that must not run, and one that tells of failures."""
    flow.step(name="next", after=(waits,))(next_step)
    flow.on_failure(name="told")(told)
    return flow


def next_step(log: str) -> None:
    append(log, "next")


def told(log: str) -> None:
    append(log, "told")


coroutine = Workflow("coroutine")


@coroutine.step
async def as_coroutine(log: str) -> None:
    append(log, "begun")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        append(log, "tidied")
        raise


process = Workflow("process")


@process.step
def in_a_process(log: str) -> None:
    append(log, "begun")
    try:
        time.sleep(60)
    finally:
        append(log, "tidied")


listening = Workflow("listening")


@listening.step(runner="thread")
def on_a_thread(ctx: StepContext, log: str) -> None:
    append(log, "begun")
    while not ctx.cancelled:
        time.sleep(0.01)
    append(log, "tidied")


deaf_thread = Workflow("deaf-thread")


@deaf_thread.step(runner="thread")
def does_not_listen(log: str, gate: str) -> str:
    append(log, "begun")
    while not is_there(gate):
        time.sleep(0.01)
    append(log, "done")
    return "too late"


for _flow in (coroutine, process, listening, deaf_thread):
    tell(_flow, waits=next(iter(_flow.steps)))

alone = Workflow("alone", description="One at a time.", max_concurrency=1)


@alone.step
async def stays(log: str, gate: str) -> None:
    append(log, "begun")
    await opened(gate)


patient = Workflow("patient", description="Will be tried again in an hour.")


@patient.step(retry=Retry(attempts=2, backoff="1h"))
async def fails(log: str) -> None:
    append(log, "begun")
    raise ValueError("not today")


guardian = Workflow("guardian", description="Runs the coroutine as a step.")
guardian.subworkflow(coroutine)
