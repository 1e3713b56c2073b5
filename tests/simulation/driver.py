"""Lives through a plan on the real tree, in virtual time, and notes what was asked for and answered."""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

from quarterjack.actors.engine import Reply
from quarterjack.runtime import Settings
from quarterjack.runtime.testing import VirtualClock, VirtualRuntime
from tests.simulation.client import Client, is_durable
from tests.simulation.plans import SPAN, Plan
from tests.simulation.rules import instant, parsed
from tests.simulation.works import World, built

AFTERWARDS = timedelta(days=40)
"""How long what has begun may take to end when nothing new begins."""
_TABLES = {
    "create": "schedules",
    "trigger": "executions",
    "run": "executions",
    "retry": "executions",
}


class Answer(NamedTuple):
    """What came of a call: a value, or an error's name."""

    at: int
    value: Any
    error: str


@dataclass
class Call:
    """Something that was asked for; without an answer it has happened or not."""

    at: int
    kind: str
    key: str
    given: dict[str, Any]
    answer: Answer | None = None


class Window(NamedTuple):
    """A time in which something was wrong."""

    kind: str
    begin: int
    end: int


@dataclass
class Record:
    """What was seen from outside."""

    calls: list[Call] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Simulation:
    """One life of a plan; `broken` are the promises that were seen to be broken on the way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.record = Record()
        self.clock = VirtualClock(instant(parsed(plan.start)))
        self.world = World(self.clock, plan.workflows)
        self.runtime = VirtualRuntime(
            workflows=[built(each, self.world) for each in plan.workflows],
            settings=Settings.of(concurrency=plan.concurrency),
            clock=self.clock,
            seed=plan.seed,
            took=self.world.took,
        )
        self.outside: sqlite3.Connection
        self.client: Client
        self.broken: list[str] = []
        self._dice = Random(f"run {plan.seed}")
        self._down: list[float] = []
        self._since: dict[str, int] = {}
        self._keys: dict[str, str] = {}

    def live(self) -> None:
        """From the begin to the end, when all that began has ended."""
        self.runtime.start()
        name = self.runtime.address.sqlite_name
        self.outside = sqlite3.connect(name, uri=True, isolation_level=None)
        self.client = Client(self.runtime, self.outside)
        self.client.follow()
        for act in self.plan.acts:
            self._until(act.at)
            getattr(self, f"_{act.kind}")(**act.given)
        self._until(SPAN.total_seconds())
        self._quiet()

    def close(self) -> None:
        """Give everything back."""
        if self.runtime.is_up:
            self.runtime.stop()
        self.outside.close()

    # Time

    def _until(self, seconds: float) -> None:
        while True:
            if not self.runtime.is_up:
                self._rise()
            left = timedelta(seconds=seconds - self.clock.monotonic())
            if left <= timedelta(0):
                return
            self.runtime.advance(left)

    def _rise(self) -> None:
        """The process has died; somebody starts it again, after a while."""
        self.runtime.kill()
        begin = self.world.now()
        self.clock.stall(timedelta(seconds=self._down.pop() if self._down else 1))
        self.runtime.start()
        self.record.windows.append(Window("down", begin, self.world.now()))
        self.client.follow()

    def _quiet(self) -> None:
        """Nothing goes wrong any more, nothing new begins: what has begun must end."""
        self._disk(None)
        self._slow(0)
        self.client.follow()
        self._settle(timedelta(minutes=30))
        for key in sorted(self._keys) * 2:  # once more, if power went at one of them
            self._pause(key)
            self._settle(timedelta(seconds=1))
        self._settle(AFTERWARDS)
        self.client.follow()
        self._settle(timedelta(seconds=1))
        self.broken += self.client.broken

    def _settle(self, span: timedelta) -> None:
        self._until(self.clock.monotonic() + span.total_seconds())

    # What is asked for

    def _create(self, key: str, draft: dict[str, Any]) -> None:
        schedule_id = self._keys[key] = f"sch_{key}"
        self._ask(
            "create",
            schedule_id,
            {"draft": draft},
            lambda: self.runtime.create_scheduled_workflow(draft, schedule_id=schedule_id),
        )

    def _update(self, key: str, draft: dict[str, Any]) -> None:
        given = {**draft, "scheduleConfig": self._whole(draft["scheduleConfig"])}
        self._to_schedule(
            "update", key, {"draft": draft}, lambda it: it.update_scheduled_workflow, given
        )

    def _pause(self, key: str) -> None:
        self._to_schedule("pause", key, {}, lambda it: it.pause_schedule)

    def _resume(self, key: str) -> None:
        self._to_schedule("resume", key, {}, lambda it: it.resume_schedule)

    def _delete(self, key: str, *, cancel: bool) -> None:
        self._to_schedule("delete", key, {}, lambda it: it.delete_scheduled_workflow, cancel=cancel)

    def _trigger(self, pick: float) -> None:
        if self._keys:
            key = _picked(sorted(self._keys), pick)
            mine = self._new_id()
            self._to_schedule(
                "trigger",
                key,
                {"execution": mine},
                lambda it: it.trigger_scheduled_execution,
                execution_id=mine,
            )

    def _run(self, workflow: str) -> None:
        mine = self._new_id()
        self._ask(
            "run",
            mine,
            {"workflow": workflow},
            lambda: self.runtime.run(workflow, execution_id=mine),
        )

    def _cancel(self, pick: float) -> None:
        self._to_execution("cancel", pick, lambda key: self.runtime.cancel_scheduled_execution(key))

    def _retry(self, pick: float) -> None:
        self._to_execution("retry", pick, lambda key: self.runtime.retry_execution(key))

    def _event(self) -> None:
        self._ask("event", "uploaded", {}, lambda: self.runtime.send_event("uploaded", {"n": 1}))

    def _approve(self) -> None:
        self._ask("event", "approved", {}, lambda: self.runtime.send_event("approved", {"n": 2}))

    def _to_schedule(
        self,
        kind: str,
        key: str,
        given: dict[str, Any],
        method: Callable[[VirtualRuntime], Callable[..., Reply[Any]]],
        *arguments: Any,
        **named: Any,
    ) -> None:
        schedule_id = self._keys.get(key)
        if schedule_id is not None:
            self._ask(
                kind,
                schedule_id,
                given,
                lambda: method(self.runtime)(schedule_id, *arguments, **named),
            )

    def _to_execution(self, kind: str, pick: float, make: Callable[[str], Reply[Any]]) -> None:
        newest = self.outside.execute("SELECT id FROM executions ORDER BY queued_at DESC LIMIT 5")
        found = [key for (key,) in newest]
        if found:
            key = _picked(found, pick)
            self._ask(kind, key, {}, lambda: make(key))

    def _ask(
        self, kind: str, key: str, given: dict[str, Any], make: Callable[[], Reply[Any]]
    ) -> None:
        call = Call(self.world.now(), kind, key, given)
        self.record.calls.append(call)
        make().add_done_callback(lambda reply: self._answered(call, reply))

    def _answered(self, call: Call, reply: Reply[Any]) -> None:
        if not self.runtime.is_up:
            return  # it died before it could say so
        try:
            value, error = reply.get(), ""
        except Exception as problem:
            value, error = None, type(problem).__name__
        call.answer = Answer(self.world.now(), value, error)
        if not error and call.kind in _TABLES:
            self._check_durable(call.kind, str(value))

    def _check_durable(self, kind: str, key: str) -> None:
        query = {
            "schedules": "SELECT 1 FROM schedules WHERE id = ?",
            "executions": "SELECT 1 FROM executions WHERE id = ?",
        }[_TABLES[kind]]
        if not is_durable(self.outside, query, key):
            self.broken.append(f"{kind} of {key} was answered before it was durable")

    # What goes wrong

    def _crash(self, pick: float, when: Any) -> None:
        paths = [info.path for info in self.runtime.actors().get() if info.parent is not None]
        path = _picked(paths, pick).partition("/")[2]
        self._note(f"crash {path} {when}")
        self.runtime.crash(path, when)

    def _kill(self, turns: int, down: float) -> None:
        self._note("kill")
        self.runtime.settle(turns)
        self._down.append(down)
        if self.runtime.is_up:
            self._rise()

    def _cut(self, after: int, durable: bool, down: float) -> None:
        self._note(f"power cut {'after' if durable else 'before'} a commit")
        self._down.append(down)
        self.runtime.disk.cut_power(after=after, durable=durable)

    def _disk(self, trouble: Any) -> None:
        if trouble is not None:
            self._note(f"disk {trouble}")
        self._window("disk", self.runtime.disk.trouble is not None, trouble is not None)
        self.runtime.disk.trouble = trouble

    def _slow(self, took: float) -> None:
        if took:
            self._note(f"commits take {took} s")
        self._window("slow", bool(self.runtime.disk.slowness), bool(took))
        self.runtime.disk.slowness = timedelta(seconds=took)

    def _lose(self, pick: float) -> None:
        under_way = self.runtime.under_way()
        if under_way:
            key = _picked(under_way, pick)
            self._note(f"worker of {key.step} lost")
            self.world.failed[key.execution_id, key.step] += 1
            self.runtime.lose_worker(key)

    def _stall(self) -> None:
        self._note("client stalls")
        self.client.stall()

    def _follow(self) -> None:
        self.client.follow()

    def _jump(self, seconds: float) -> None:
        self._note(f"clock jumps by {seconds} s")
        self.clock.jump(timedelta(seconds=seconds))

    # Notes

    def _window(self, kind: str, was: bool, becomes: bool) -> None:
        now = self.world.now()
        if was and not becomes:
            self.record.windows.append(Window(kind, self._since.pop(kind), now))
        elif becomes and not was:
            self._since[kind] = now

    def _note(self, fault: str) -> None:
        self.record.faults.append(fault)

    def _new_id(self) -> str:
        return f"exe_own{len(self.record.calls)}"

    @staticmethod
    def _whole(config: dict[str, Any]) -> dict[str, Any]:
        """All fields, so that none of the rule before stays."""
        usual: dict[str, Any] = {"exclude": [], "maxRuns": None, "startAt": None, "endAt": None}
        if "event" not in config and "manual" not in config:
            usual |= {"catchUpWindow": None, "timezone": "UTC"}
        if "interval" in config:
            usual["anchor"] = None
        return {**usual, **config} if "manual" not in config else config


def _picked(found: list[Any], pick: float) -> Any:
    return found[int(pick * len(found))]


def lived(plan: Plan) -> Simulation:
    """A simulation at its end; to be closed. Its log is of no interest: crashes are meant."""
    simulation = Simulation(plan)
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        simulation.live()
    finally:
        logging.disable(before)
    return simulation
