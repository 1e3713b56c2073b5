"""The system as a whole: the tree that is told, threads, the last one to stop."""

import asyncio
import threading
from datetime import timedelta

import pytest
from stage import Do, Note, Puppet, Stage, crash, loop_system, supervisor

from quarterjack.actors.engine import (
    ActorInfo,
    ActorSystem,
    ChildSpec,
    Ping,
    Placement,
    SeededDispatcher,
    SystemClock,
    VirtualClock,
)


def test_the_tree_tells_of_every_actor_parents_first(stage: Stage) -> None:
    inner = supervisor("inner", [stage.puppet("b", kind="puppet")])
    stage.supervise(stage.puppet("a"), inner)

    told = [(info.path, info.name, info.parent, info.kind) for info in stage.system.tree()]

    assert told == [
        ("root", "root", None, "supervisor"),
        ("root/a", "a", "root", "worker"),
        ("root/inner", "inner", "root", "supervisor"),
        ("root/inner/b", "b", "root/inner", "puppet"),
    ]


def test_the_tree_tells_what_an_actor_does_and_did(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    handled = stage.info("root/a").handled
    stage.tell("root/a", Note("x"), Note("y"), crash(LookupError("nothing there")), Note("z"))

    assert stage.info("root/a") == ActorInfo(
        name="a",
        path="root/a",
        kind="worker",
        state="restarting",
        mailbox_depth=1,
        handled=handled + 3,
        restarts=0,
        last_error="LookupError: nothing there",
        parent="root",
    )
    stage.advance(seconds=1)
    after = stage.info("root/a")
    assert (after.state, after.mailbox_depth, after.restarts) == ("running", 0, 1)
    assert after.last_error == "LookupError: nothing there"


def test_a_long_error_is_told_in_part(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    stage.tell("root/a", crash(LookupError("x" * 10_000)))

    assert stage.info("root/a").last_error == ("LookupError: " + "x" * 10_000)[:500]


def test_every_state_of_an_actor_is_told(stage: Stage) -> None:
    states = [stage.system.place(stage.puppet("a")).state.value]
    ref = stage.ref("a")
    stage.supervise(stage.puppet("b"))
    states.append(stage.info("root/b").state)
    stage.tell("root/b", Do(Puppet.hold))
    states.append(stage.info("root/b").state)
    ref.cell.stop_now()
    states.append(ref.cell.state.value)

    assert states == ["starting", "running", "holding", "stopped"]


def test_an_actor_is_found_by_its_path_while_it_is_there(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"))
    found = stage.system.find("root/a")
    stage.system.stop(root)
    stage.run()

    assert found is not None
    assert stage.system.find("root/a") is None
    assert stage.system.find("never") is None


def test_two_actors_of_one_path_are_refused(stage: Stage) -> None:
    stage.start(stage.puppet("a"))

    with pytest.raises(ValueError, match="there is an actor at a already"):
        stage.system.spawn(stage.puppet("a"))


def test_it_is_told_when_the_last_actor_has_stopped(stage: Stage) -> None:
    told: list[list[str]] = []
    root = stage.supervise(stage.puppet("a"), stage.puppet("b"))
    stage.system.on_stopped(lambda: told.append(stage.paths()))
    before = list(told)
    stage.system.stop(root)
    stage.run()

    assert (before, told) == ([], [[]])


def test_it_is_told_at_once_when_nobody_is_there(stage: Stage) -> None:
    told: list[str] = []
    stage.system.on_stopped(lambda: told.append("stopped"))

    assert told == ["stopped"]


def test_a_root_that_crashes_is_told_even_if_nobody_listens(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.start(stage.puppet("a"))
    stage.tell("a", crash(LookupError("nothing there")))

    assert "the root supervisor gave up: LookupError('nothing there')" in caplog.messages


def test_a_listener_that_fails_does_not_end_the_others(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: BaseException) -> None:
        raise OSError("no such device")

    stage.system.on_root_failure(fail)
    stage.start(stage.puppet("b"))
    stage.start(stage.puppet("a"))
    stage.tell("a", crash(LookupError("nothing there")))

    assert "what was to be told of it failed, too" in caplog.messages
    assert stage.ref("b").ask(Note("here"), block=True) == "here"


def test_without_threads_every_actor_is_on_the_given_dispatcher() -> None:
    clock = VirtualClock()
    dispatcher = SeededDispatcher(clock)
    system = ActorSystem(clock, dispatcher, threads=False)
    cell = system.spawn(ChildSpec("a", lambda: Puppet([]), placement=Placement.THREAD))

    assert cell.dispatcher is dispatcher


def test_a_thread_is_gone_when_its_actor_has_stopped() -> None:
    before = set(threading.enumerate())

    async def main() -> list[str]:
        async with loop_system() as system:
            specs = [
                ChildSpec(name, lambda: Puppet([]), placement=Placement.THREAD) for name in "ab"
            ]
            root = system.spawn(supervisor("root", specs)).ref
            await root.ask(Ping())
            return sorted(thread.name for thread in set(threading.enumerate()) - before)

    assert asyncio.run(main()) == ["quarterjack-a", "quarterjack-b"]
    assert [each for each in threading.enumerate() if each.name.startswith("quarterjack-")] == []


def test_a_thread_that_still_works_when_its_actor_has_stopped_is_waited_for() -> None:
    gate = threading.Event()
    opener = threading.Timer(0.05, gate.set)

    def linger(puppet: Puppet) -> None:
        puppet.ref.cell.stop_now()
        opener.start()
        gate.wait(20)

    async def main() -> None:
        async with loop_system() as system:
            spec = ChildSpec("a", lambda: Puppet([]), placement=Placement.THREAD)
            ref = system.spawn(spec).ref
            ref.tell(Do(linger))
            await asyncio.to_thread(gate.wait, 20)

    asyncio.run(main())
    assert [each for each in threading.enumerate() if each.name.startswith("quarterjack-")] == []
    opener.join()


def test_threads_are_given_back_when_the_actors_never_stopped() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        clock = VirtualClock()
        system = ActorSystem(SystemClock(loop), SeededDispatcher(clock))
        spec = ChildSpec("a", lambda: Puppet([]), placement=Placement.THREAD)
        await system.spawn(spec).ref.ask(Ping())
        await asyncio.to_thread(system.close_threads)

    asyncio.run(main())
    assert [each for each in threading.enumerate() if each.name.startswith("quarterjack-")] == []


def test_a_child_that_does_not_stop_in_its_time_is_left_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate, entered = threading.Event(), threading.Event()

    def hang(_: Puppet) -> None:
        entered.set()
        gate.wait(20)

    async def main() -> list[str]:
        diary: list[str] = []
        async with loop_system() as system:
            hung = ChildSpec(
                "hung",
                lambda: Puppet([]),
                placement=Placement.THREAD,
                shutdown=timedelta(milliseconds=20),
            )
            children = [ChildSpec("first", lambda: Puppet(diary)), hung]
            root = system.spawn(supervisor("root", children)).ref
            await root.ask(Ping())
            hung_ref = system.find("root/hung")
            assert hung_ref is not None
            hung_ref.tell(Do(hang))
            await asyncio.to_thread(entered.wait, 20)
            stopped = asyncio.Event()
            system.on_stopped(stopped.set)
            system.stop(root)
            await stopped.wait()
            gate.set()
            return diary

    assert asyncio.run(main()) == ["start first", "stop first"]
    assert "root/hung did not stop within 0:00:00.020000; going on without it" in caplog.messages
