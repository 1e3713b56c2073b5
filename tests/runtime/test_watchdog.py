"""Nothing wedges: who is past its instant and does not decide is made to; jumps of the clock are told."""

from datetime import timedelta
from typing import Any

import pytest

from quarterjack.actors.messages import Arm
from quarterjack.actors.schedule import ScheduleActor
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import ScheduleId

HOURLY = {"cron": "0 * * * *", "catchUp": "all", "catchUpWindow": "3d", "overlap": "queueAll"}


def make(runtime: VirtualRuntime) -> ScheduleId:
    draft = {"workflowId": "report", "name": "n", "scheduleConfig": HOURLY}
    return runtime.create_scheduled_workflow(draft).get()


def runs(runtime: VirtualRuntime, key: str) -> int:
    return runtime.get_schedule(key).get().totals.executions


def watch(runtime: VirtualRuntime) -> Any:
    return runtime._running().environment.watch


def test_a_schedule_whose_alarm_is_lost_is_found_and_fires(runtime: VirtualRuntime) -> None:
    key, other = make(runtime), make(runtime)
    runtime._running().cast.ticker.tell(Arm(key, None))
    runtime.advance("3h")
    assert (runs(runtime, key), runs(runtime, other)) == (0, 3)

    runtime.advance("1d")

    assert watch(runtime).rescued == 1
    assert runs(runtime, key) == runs(runtime, other)


def test_an_actor_that_never_decides_is_restarted_and_told_of(
    runtime: VirtualRuntime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = make(runtime)
    stuck: list[str] = []

    def swallow(actor: ScheduleActor, _: Any) -> None:
        stuck.append("once")
        actor.hold()  # nobody will release it
        monkeypatch.undo()

    fire = next(kind for kind in ScheduleActor.handlers if kind.__name__ == "FireDue")
    monkeypatch.setattr(ScheduleActor, "handlers", {**ScheduleActor.handlers, fire: swallow})

    runtime.advance("1d 2h")

    assert stuck == ["once"]
    assert watch(runtime).rescued == 1
    assert runs(runtime, key) == 26
    assert caplog.text.count("crashed: Wedged") == 1


def test_nobody_is_restarted_who_decides(runtime: VirtualRuntime) -> None:
    key = make(runtime)

    runtime.advance("10d")

    assert watch(runtime).rescued == 0
    assert runs(runtime, key) == 240


@pytest.mark.parametrize(
    ("jump", "told"),
    [
        (timedelta(hours=2), "the wall clock went forward by 2:00:00; missed instants follow"),
        (timedelta(hours=-2), "the wall clock went back by 2:00:00; no instant is decided"),
    ],
)
def test_a_jump_of_the_wall_clock_is_told_once(
    runtime: VirtualRuntime, caplog: pytest.LogCaptureFixture, jump: timedelta, told: str
) -> None:
    make(runtime)
    runtime.advance("90m")

    runtime.clock.jump(jump)
    runtime.advance("5h")

    assert [told in line for line in caplog.messages if "wall clock" in line] == [True]
    assert watch(runtime).clock_jumps == 1
