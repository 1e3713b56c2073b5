"""How late a schedule fires, beside a plain asyncio timer for the same instants."""

import asyncio
import tempfile
import threading
import time
from statistics import median

from perf.harness import Scenario, Size, Subject
from quarterjack.runtime import Event, Runtime, Workflow

_SCHEDULES = 10

tick = Workflow("tick")


@tick.step
def nothing() -> None:
    pass


def schedules(size: Size) -> float:
    """Median milliseconds from the due instant to the decision, ten schedules a second."""
    seconds = size.of(10, 2)
    late: list[float] = []
    enough = threading.Event()

    def heard(event: Event) -> None:
        late.append(float(event.data["lateness"]) * 1_000)
        if len(late) >= seconds * _SCHEDULES:
            enough.set()

    with (
        tempfile.TemporaryDirectory() as folder,
        Runtime(f"sqlite:///{folder}/q.db", workflows=[tick]) as runtime,
    ):
        runtime.on_schedule_triggered(heard).get()
        for number in range(_SCHEDULES):
            runtime.create_scheduled_workflow(
                {
                    "workflowId": "tick",
                    "name": f"tick {number}",
                    "scheduleConfig": {"cron": "* * * * * *"},
                }
            ).get()
        assert enough.wait(seconds + 30)
    return median(late)


def asyncio_timer(size: Size) -> float:
    """Median milliseconds that asyncio's own timer is late."""

    async def measure() -> list[float]:
        late = []
        for _ in range(size.of(10, 2)):
            due = time.perf_counter() + 0.25
            await asyncio.sleep(0.25)
            late.append((time.perf_counter() - due) * 1_000)
        return late

    return median(asyncio.run(measure()))


SCENARIOS = (
    Scenario(
        "lateness",
        "from the due instant to the decision, median",
        "ms",
        higher_is_better=False,
        ours=Subject("ten schedules each second", schedules),
        others=(Subject("asyncio timer", asyncio_timer),),
        floor=0.005,
    ),
)
