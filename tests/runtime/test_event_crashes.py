"""Whatever crashes, and whenever: an event that was accepted fires each schedule exactly once."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger import executions, fires

from quarterjack.actors.engine.errors import ActorCrashed
from quarterjack.actors.messages import Commit, EventCame
from quarterjack.actors.schedule import ScheduleActor
from quarterjack.actors.state import StateActor
from quarterjack.runtime import StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import ScheduleStatus, StorageUnavailable
from quarterjack.storage.database import Address, Writer
from quarterjack.storage.deliveries import Arrival
from quarterjack.storage.event_changes import DeliverEvent
from quarterjack.storage.execution_changes import AdvanceExecution
from quarterjack.storage.journal import Journal
from quarterjack.storage.plain_data import pack


@pytest.fixture
def reader() -> Workflow:
    found = Workflow("reader")

    @found.step
    def read(ctx: StepContext) -> Any:
        return ctx.context["event"]["payload"]

    return found


@pytest.fixture
def runtime(reader: Workflow) -> Iterator[VirtualRuntime]:
    with VirtualRuntime(workflows=[reader], seed=1) as started:
        yield started


def listen(runtime: VirtualRuntime, event: str = "go", **config: Any) -> str:
    rule = {"event": event, "overlap": "allow", **config}
    draft = {"workflowId": "reader", "name": "n", "scheduleConfig": rule}
    return runtime.create_scheduled_workflow(draft).get()


def payloads(runtime: VirtualRuntime, key: str) -> list[Any]:
    return [run.result for run in executions(runtime, key)]


def test_an_event_that_was_stored_just_before_a_kill_fires_at_the_next_start(
    tmp_path: Path, reader: Workflow
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[reader]) as runtime:
        keys = [listen(runtime), listen(runtime)]
        clock = runtime.clock
    with closing(Writer(Address(database))) as writer:  # and nobody was told
        events = [
            DeliverEvent(Arrival("go", "", pack(n), clock.now(), idempotency_key=f"k{n}"))
            for n in range(3)
        ]
        Journal(writer).commit(events)
    with VirtualRuntime(database, workflows=[reader], clock=clock) as runtime:
        late = listen(runtime)
        answer = runtime.send_event("go", 1, idempotency_key="k1").get()
        runtime.advance("1s")
        found = [payloads(runtime, key) for key in (*keys, late)]
        made = [executions(runtime, key)[1].id for key in keys]

    assert found == [[0, 1, 2], [0, 1, 2], []]
    assert sorted(answer) == sorted(made)


def test_what_was_decided_before_a_kill_is_not_decided_again(
    tmp_path: Path, reader: Workflow
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[reader]) as runtime:
        keys = [listen(runtime, maxRuns=1), listen(runtime, overlap="cancelRunning")]
        answer = runtime.send_event("go", 1, idempotency_key="k").get()
        runtime.settle()
        before = [fires(runtime, key) for key in keys]
        clock = runtime.clock
    with closing(sqlite3.connect(tmp_path / "q.db")) as connection:
        connection.execute(  # as it was before the last commit
            "UPDATE deliveries SET done_at = NULL, answer = ?, listeners = ?, payload = ?",
            (pack([]), pack(keys), pack(1)),
        )
        connection.commit()
    with VirtualRuntime(database, workflows=[reader], clock=clock) as runtime:
        again = runtime.send_event("go", 1, idempotency_key="k").get()
        runtime.advance("1m")
        after = [fires(runtime, key) for key in keys]
        runs = [[run.status.value for run in executions(runtime, key)] for key in keys]

    assert sorted(again) == sorted(answer)
    assert after == before
    assert runs == [["succeeded"], ["succeeded"]]


@pytest.mark.parametrize("seed", range(25))
def test_crashes_in_the_middle_lose_and_double_nothing(reader: Workflow, seed: int) -> None:
    chance = random.Random(seed)
    with VirtualRuntime(workflows=[reader], seed=seed) as runtime:
        keys = [listen(runtime), listen(runtime, overlap="queueAll")]
        cast = ["deliveries", "state", "schedules", "run-queue"]
        cast += [f"schedules/{key}" for key in keys]
        for number in range(12):
            runtime.send_event("go", number)
            runtime.settle(turns=chance.randrange(12))
            if number % 3 == 0:
                runtime.crash(chance.choice(cast))
        runtime.advance("3m")
        found = [sorted(payloads(runtime, key)) for key in keys]
        rows = [len(fires(runtime, key)) for key in keys]

    assert found[0] == found[1]
    assert len(found[0]) == len(set(found[0])) == rows[0] == rows[1]
    assert len(found[0]) >= 8  # who sent it was told an error, if it is not among them


def test_a_schedule_that_can_t_decide_holds_up_nobody_else(
    runtime: VirtualRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = listen(runtime), listen(runtime)
    original = ScheduleActor.handlers

    def crash_if_bad(self: Any, message: Any) -> None:
        if self._key == bad:
            raise RuntimeError("a bug")
        original[EventCame](self, message)

    monkeypatch.setattr(ScheduleActor, "handlers", {**original, EventCame: crash_if_bad})
    began = runtime.now()
    first = runtime.send_event("go", 1).get()
    took = (runtime.now() - began).total_seconds()
    second = runtime.send_event("go", 2).get()
    runtime.advance("10m")
    status = runtime.get_schedule(bad).get().status

    monkeypatch.undo()
    runtime.advance("3m")

    assert took == 10
    assert [run.id for run in executions(runtime, good)] == [*first, *second]
    assert status is ScheduleStatus.ERROR
    assert payloads(runtime, bad) == [1, 2]
    assert runtime.get_schedule(bad).get().status is ScheduleStatus.ACTIVE


def test_a_schedule_that_is_changed_while_it_decides_decides_again(
    runtime: VirtualRuntime,
) -> None:
    keys = [listen(runtime) for _ in range(5)]
    sent = [runtime.send_event("go", number) for number in range(5)]
    changed = [
        runtime.update_scheduled_workflow(key, {"name": f"n{number}"})
        for key in keys
        for number in range(5)
    ]
    deleted = runtime.delete_scheduled_workflow(keys[0])

    assert all(reply.get().version > 1 for reply in changed)
    deleted.get()
    answers = [reply.get() for reply in sent]
    runtime.settle()

    lengths = [len(answer) for answer in answers]
    assert set(lengths) <= {4, 5}
    assert lengths == sorted(lengths, reverse=True)  # the first schedule was deleted at some time
    assert [payloads(runtime, key) for key in keys[1:]] == [[0, 1, 2, 3, 4]] * 4


def test_an_event_that_could_not_be_stored_is_stored_with_the_step_s_end(
    monkeypatch: pytest.MonkeyPatch, reader: Workflow
) -> None:
    flow, refused = Workflow("flow"), list[int]()

    @flow.step
    def send(ctx: StepContext) -> None:
        for number in range(5):
            ctx.emit("go", number)

    original = StateActor.handlers

    def refuse_some(self: Any, message: Commit) -> Any:
        change = message.change
        if isinstance(change, AdvanceExecution) and change.emitted and not change.steps:
            refused.append(len(change.emitted))
            if len(refused) in (2, 3, 5):
                raise StorageUnavailable("too many wait")
        return original[Commit](self, message)

    monkeypatch.setattr(StateActor, "handlers", {**original, Commit: refuse_some})
    with VirtualRuntime(workflows=[flow, reader], seed=1) as runtime:
        key = listen(runtime)
        ended = runtime.wait_for(runtime.run("flow").get()).get()
        runtime.advance("1m")
        found = payloads(runtime, key)

    assert ended.status == "succeeded"
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert len(refused) >= 5


def test_who_asks_when_the_deliveries_crash_is_told_so(runtime: VirtualRuntime) -> None:
    key = listen(runtime)
    reply = runtime.send_event("go", 1)
    runtime.settle(turns=1)  # it has come so far that it has promised an answer

    runtime.crash("deliveries")
    runtime.advance("1m")

    with pytest.raises(ActorCrashed, match="ended before it answered"):
        reply.get()
    assert payloads(runtime, key) == [1]
