"""Steps with a time limit, in processes of their own."""

import os
import time

from traces import append

from quarterjack.runtime import Retry, StepContext, Workflow

nap = Workflow("nap", description="Sleeps, with a limit of three seconds.")


@nap.step(runner="process", timeout="3s")
def doze(seconds: float) -> str:
    time.sleep(seconds)
    return "rested"


guarded = Workflow(
    "guarded", description="Says which process it is in; each attempt has two seconds."
)


@guarded.step(runner="process", timeout="2s", retry=Retry(attempts=2, backoff="10ms"))
def watched(ctx: StepContext, log: str) -> int:
    append(log, str(os.getpid()))
    time.sleep(0.5)
    return ctx.attempt
