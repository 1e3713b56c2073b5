"""Actors that are always there to be told something: woken by a message, asleep when idle."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pykka
import pytest
from stage import Do, Note, Puppet, Stage, crash

from quarterjack.actors.engine import (
    ChildSpec,
    Deliver,
    DeliverIfAwake,
    EngineError,
    Intensity,
    Ref,
    Reply,
    Restart,
    VirtualActors,
    handles,
)
from quarterjack.actors.engine.cell import ChildStopped

IDLE = timedelta(minutes=10)
CRASH = crash(LookupError("nothing there"))


class Keeper(Puppet):
    """Adds up numbers, and keeps the sum in what stands for a database."""

    def __init__(self, diary: list[str], stored: dict[str, int], key: str) -> None:
        super().__init__(diary)
        self.stored = stored
        self.total = stored[key]


class Told(VirtualActors):
    """Writes down who is put in quarantine."""

    quarantine: list[tuple[str, str]]

    def quarantined(self, key: str, error: BaseException) -> None:
        super().quarantined(key, error)
        self.quarantine.append((key, repr(error)))


def add(number: int) -> Do:
    def change(keeper: Keeper) -> int:
        keeper.total += number
        keeper.stored[keeper.name] = keeper.total
        return keeper.total

    return Do(change)


class Virtual:
    """Virtual actors on a stage, with what is stored of them."""

    def __init__(
        self, idle: timedelta | None = IDLE, seed: int | None = None, **options: Any
    ) -> None:
        self.stage = Stage(seed)
        self.stored = {"a": 0, "b": 10}
        self.quarantine: list[tuple[str, str]] = []
        self._options = options
        self.root: Ref[Any] = self.stage.supervise(
            ChildSpec("virtual", lambda: self._supervisor(idle))
        )
        self.ref = self.stage.ref("root/virtual")

    def _supervisor(self, idle: timedelta | None) -> VirtualActors:
        made = Told(self._spec_of, idle=idle, intensity=Intensity(2, timedelta(minutes=5)))
        made.quarantine = self.quarantine
        return made

    def _spec_of(self, key: str) -> ChildSpec:
        return ChildSpec(key, lambda: Keeper(self.stage.diary, self.stored, key), **self._options)

    def ask(self, key: str, message: Any) -> Any:
        return self.send(Deliver(key, message)).get()

    def send(self, message: Any) -> Reply[Any]:
        return self.ref.ask(message)

    def tell(self, key: str, messages: Iterable[Any]) -> None:
        self.stage.tell("root/virtual", *[Deliver(key, message) for message in messages])

    def awake(self) -> list[str]:
        prefix = "root/virtual/"
        return [path.removeprefix(prefix) for path in self.stage.paths() if prefix in path]


@pytest.fixture
def virtual() -> Virtual:
    return Virtual()


def test_nobody_is_there_until_a_message_comes(virtual: Virtual) -> None:
    before = virtual.awake()
    answer = virtual.ask("b", add(5))

    assert (before, answer, virtual.awake()) == ([], 15, ["b"])


def test_one_who_is_awake_is_not_made_again(virtual: Virtual) -> None:
    assert [virtual.ask("a", add(number)) for number in (1, 2, 3)] == [1, 3, 6]
    assert virtual.stage.read() == ["start a"]


def test_an_idle_actor_falls_asleep_and_loses_nothing(virtual: Virtual) -> None:
    virtual.ask("a", add(7))
    virtual.stage.advance(seconds=2 * IDLE.total_seconds())
    asleep = virtual.awake()

    assert (asleep, virtual.ask("a", add(1)), virtual.awake()) == ([], 8, ["a"])
    assert virtual.stage.read() == ["start a", "stop a", "start a"]


def test_a_busy_actor_stays_awake(virtual: Virtual) -> None:
    for _ in range(10):
        virtual.ask("a", add(1))
        virtual.stage.advance(seconds=IDLE.total_seconds() * 0.9)

    assert virtual.stage.read() == ["start a"]


def test_an_actor_that_waits_for_an_answer_stays_awake(virtual: Virtual) -> None:
    promise: Reply[None] = Reply()
    virtual.tell("a", [Do(lambda keeper: keeper.when(promise, lambda _: None))])
    virtual.stage.advance(hours=10)
    waiting = virtual.awake()
    promise.set()
    virtual.stage.advance(hours=1)

    assert (waiting, virtual.awake()) == (["a"], [])


def test_an_actor_that_holds_stays_awake(virtual: Virtual) -> None:
    virtual.tell("a", [Do(Puppet.hold)])
    virtual.stage.advance(hours=10)

    assert virtual.awake() == ["a"]


def test_a_sleeping_stage_has_no_timer_left(virtual: Virtual) -> None:
    virtual.ask("a", add(1))
    virtual.ask("b", add(1))
    virtual.stage.advance(hours=1)

    assert (virtual.awake(), virtual.stage.clock.next_timer()) == ([], None)


def test_without_an_idle_time_nobody_falls_asleep() -> None:
    virtual = Virtual(idle=None)
    virtual.ask("a", add(1))
    virtual.stage.advance(days=365)

    assert virtual.awake() == ["a"]


@pytest.mark.parametrize(
    ("wake", "told"),
    [
        pytest.param(["a"], ["start a", "a: news"], id="awake"),
        pytest.param([], [], id="asleep"),
    ],
)
def test_news_reach_only_those_who_are_awake(
    virtual: Virtual, wake: list[str], told: list[str]
) -> None:
    for key in wake:
        virtual.ask(key, add(0))
    virtual.send(DeliverIfAwake("a", Note("news")))
    virtual.stage.run()

    assert (virtual.stage.read(), virtual.awake()) == (told, wake)


@pytest.mark.parametrize("restart", list(Restart))
def test_one_that_stops_by_itself_sleeps_till_the_next_message(restart: Restart) -> None:
    virtual = Virtual(restart=restart)
    for _ in range(5):
        virtual.ask("a", add(1))
        virtual.tell("a", [Do(Puppet.stop)])

    assert virtual.awake() == []
    assert virtual.quarantine == []
    assert virtual.ask("a", add(1)) == 6


def leave(keeper: Puppet) -> None:
    """Ask for the own end; it comes when the mailbox is empty."""
    keeper.stop()


def test_what_reaches_one_that_leaves_is_for_the_next(virtual: Virtual) -> None:
    _ask_to_leave(virtual)
    answers = [virtual.send(Deliver("a", add(number))) for number in (2, 3)]
    virtual.ref.cell.run(2)
    virtual.stage.run()

    assert [answer.get() for answer in answers] == [3, 6]
    assert virtual.stage.read() == ["start a", "stop a", "start a"]
    assert virtual.awake() == ["a"]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_one_that_leaves_loses_nothing(seed: int) -> None:
    virtual = Virtual(seed=seed)
    answers = []
    for _ in range(20):
        answers.append(virtual.send(Deliver("a", add(1))))
        virtual.send(Deliver("a", Do(leave)))
    virtual.stage.run()

    assert [answer.get() for answer in answers] == list(range(1, 21))
    assert virtual.stage.system.dead_letters.counts == {}


def test_news_for_the_next_one_come_after_what_wakes_it(virtual: Virtual) -> None:
    _ask_to_leave(virtual)
    virtual.send(DeliverIfAwake("a", Note("too early")))
    virtual.send(Deliver("a", Note("wakes")))
    virtual.send(DeliverIfAwake("a", Note("news")))
    virtual.ref.cell.run(3)
    virtual.stage.run()

    assert virtual.stage.read() == ["start a", "stop a", "start a", "a: wakes", "a: news"]


def test_what_is_kept_for_the_next_one_outlives_a_crash_of_the_supervisor(
    virtual: Virtual,
) -> None:
    answer = _kept(virtual)
    virtual.ref.cell.fail(LookupError("nothing there"))
    virtual.stage.advance(seconds=10)

    assert answer.get() == 3


def test_a_supervisor_that_crashes_as_it_hears_of_an_end_hears_of_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[ChildStopped] = []

    class Hard(Told):
        @handles(ChildStopped)
        def child_stopped(self, message: ChildStopped) -> None:
            heard.append(message)
            if len(heard) == 1:
                raise LookupError("did not listen")
            super().child_stopped(message)

    monkeypatch.setitem(globals(), "Told", Hard)
    virtual = Virtual()
    virtual.ask("a", add(1))
    virtual.tell("a", [Do(Puppet.stop)])
    virtual.stage.advance(seconds=10)

    assert len(heard) == 2
    assert virtual.ask("a", add(1)) == 2


def test_what_is_kept_for_the_next_one_is_refused_when_all_stop(virtual: Virtual) -> None:
    answer = _kept(virtual)
    virtual.stage.system.stop(virtual.root)
    virtual.root.cell.run(1)
    virtual.ref.cell.run(1)
    virtual.stage.run()

    with pytest.raises(pykka.ActorDeadError, match="root/virtual has stopped"):
        answer.get()


def test_one_that_is_made_for_a_message_can_be_told_something_first(virtual: Virtual) -> None:
    for text in ("made for it", "already there"):
        virtual.send(Deliver("a", Note(text), first=Note("first")))
        virtual.stage.run()
    _ask_to_leave(virtual)
    virtual.send(Deliver("a", Note("next"), first=Note("first")))
    virtual.ref.cell.run(1)
    virtual.stage.run()

    life = ["start a", "a: first", "a: made for it", "a: already there"]
    assert virtual.stage.read() == [*life, "stop a", "start a", "a: first", "a: next"]


def _ask_to_leave(virtual: Virtual) -> None:
    """Have `a` ask for its own end, and not yet come to it."""
    virtual.ask("a", add(1))
    keeper = virtual.stage.ref("root/virtual/a").cell
    keeper.put(Do(leave))
    keeper.run(1)


def _kept(virtual: Virtual) -> Reply[Any]:
    """Something for the next actor, while the present one is still about to leave."""
    _ask_to_leave(virtual)
    answer = virtual.send(Deliver("a", add(2)))
    virtual.ref.cell.run(1)
    return answer


def test_a_crashed_one_is_made_again_and_its_messages_wait(virtual: Virtual) -> None:
    virtual.tell("a", [CRASH, Note("waits")])
    virtual.stage.advance(seconds=1)

    assert virtual.stage.read() == ["start a", "fail a", "start a", "a: waits"]


def test_one_that_keeps_crashing_is_put_in_quarantine_with_its_error(virtual: Virtual) -> None:
    virtual.tell("a", [CRASH] * 3)
    virtual.stage.advance(seconds=10)
    info = virtual.stage.info("root/virtual/a")

    assert virtual.quarantine == [("a", "LookupError('nothing there')")]
    assert (info.state, info.restarts) == ("restarting", 2)
    assert info.last_error == "LookupError: nothing there"


def test_the_neighbours_of_a_crashing_one_are_served(virtual: Virtual) -> None:
    virtual.ask("b", add(0))
    virtual.tell("a", [CRASH] * 50)
    for _ in range(20):
        virtual.ask("b", add(1))
        virtual.stage.advance(seconds=30)

    assert virtual.ask("b", add(0)) == 30
    assert virtual.stage.info("root/virtual/b").restarts == 0
    assert virtual.stage.info("root/virtual").restarts == 0


def test_quarantine_is_tried_again_slowly_and_can_end(virtual: Virtual) -> None:
    virtual.tell("a", [CRASH] * 3)
    virtual.tell("a", [Note("waits")])
    virtual.stage.advance(seconds=59)
    before = virtual.stage.read()
    virtual.stage.advance(seconds=10)

    assert before[-1] == "fail a"
    assert virtual.stage.read() == ["start a", "a: waits"]
    assert virtual.stage.info("root/virtual/a").state == "running"


def test_one_that_is_not_in_storage_goes_to_quarantine_alone(virtual: Virtual) -> None:
    virtual.tell("unknown", [Note("anybody?")])
    virtual.stage.advance(seconds=30)

    assert virtual.quarantine == [("unknown", "KeyError('unknown')")]
    assert virtual.ask("a", add(2)) == 2


def test_one_in_quarantine_keeps_only_what_its_mailbox_holds() -> None:
    virtual = Virtual(mailbox_limit=10)
    virtual.tell("unknown", [Note("anybody?")] * 1_000)

    assert virtual.stage.info("root/virtual/unknown").mailbox_depth == 10


def test_a_temporary_one_that_crashed_can_be_woken_at_once() -> None:
    virtual = Virtual(restart=Restart.TEMPORARY)
    virtual.tell("a", [CRASH])
    answer = virtual.ask("a", add(3))

    assert answer == 3
    assert virtual.stage.info("root/virtual").restarts == 0


def test_a_question_to_one_that_crashes_is_answered_with_an_error(virtual: Virtual) -> None:
    with pytest.raises(EngineError, match="root/virtual/a crashed before it answered"):
        virtual.ask("a", crash(SystemExit(3)))


def test_all_fall_asleep_when_the_supervisor_stops(virtual: Virtual) -> None:
    virtual.ask("a", add(1))
    virtual.ask("b", add(1))
    virtual.stage.system.stop(virtual.root)
    virtual.stage.run()

    assert virtual.stage.paths() == []
    assert virtual.stage.read() == ["start a", "start b", "stop b", "stop a"]
    with pytest.raises(pykka.ActorDeadError, match="<Ref root/virtual> has stopped"):
        virtual.ref.ask(Deliver("a", add(1)), block=True)
