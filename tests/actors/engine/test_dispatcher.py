"""Who has the next turn, on the loop, on a thread and from a seed; and how long a turn may be."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from stage import Do, Note, Puppet, Stage, crash, loop_system
from waiting import eventually

from quarterjack.actors.engine import (
    Actor,
    ActorSystem,
    ChildSpec,
    LoopDispatcher,
    NothingLeftToRun,
    Ping,
    Placement,
    Reply,
    SystemClock,
    ThreadDispatcher,
)

SEEDS = range(8)


def puppet(diary: list[str], name: str, placement: Placement = Placement.LOOP) -> ChildSpec:
    return ChildSpec(name, lambda: Puppet(diary), placement=placement)


# On the loop.


def test_a_flooded_actor_does_not_keep_another_from_its_first_message() -> None:
    async def main() -> list[str]:
        diary: list[str] = []
        async with loop_system() as system:
            flooded = system.spawn(puppet(diary, "flooded")).ref
            other = system.spawn(puppet(diary, "other")).ref
            for _ in range(100_000):
                flooded.tell(Ping())
            flooded.tell(Note("last"))
            await other.ask(Note("first"))
            await flooded.ask(Ping())
            return diary

    found = asyncio.run(main())
    assert found[:4] == ["start flooded", "start other", "other: first", "flooded: last"]


def test_actors_leave_the_loop_time_for_others() -> None:
    async def main() -> list[str]:
        diary: list[str] = []
        async with loop_system() as system:
            flooded = system.spawn(puppet(diary, "flooded")).ref
            for _ in range(10_000):
                flooded.tell(Ping())
            flooded.tell(Note("last"))
            asyncio.get_running_loop().call_soon(diary.append, "the loop's own")
            await flooded.ask(Ping())
            return diary

    assert asyncio.run(main())[:3] == ["start flooded", "the loop's own", "flooded: last"]


def test_many_actors_that_take_their_time_leave_the_loop_some() -> None:
    async def main() -> list[str]:
        diary: list[str] = []
        async with loop_system() as system:
            refs = [system.spawn(puppet(diary, str(number))).ref for number in range(40)]
            await asyncio.gather(*(ref.ask(Ping()) for ref in refs))
            asked = [ref.ask(Do(lambda _: time.sleep(0.002))) for ref in refs]
            asked.append(refs[-1].ask(Note("last")))
            asyncio.get_running_loop().call_soon(diary.append, "the loop's own")
            await asyncio.gather(*asked)
            return diary[len(refs) :]

    assert asyncio.run(main())[:2] == ["the loop's own", "39: last"]


def test_messages_of_other_threads_wake_the_loop() -> None:
    async def main() -> list[str]:
        diary: list[str] = []
        async with loop_system() as system:
            ref = system.spawn(puppet(diary, "a")).ref
            arrived: Reply[None] = Reply()
            await ref.ask(Ping())
            threading.Thread(target=ref.tell, args=[Do(lambda _: arrived.set())]).start()
            await arrived
            return diary

    assert asyncio.run(main()) == ["start a", "stop a"]


def test_nothing_is_lost_between_threads() -> None:
    async def main() -> int:
        seen: list[str] = []
        async with loop_system() as system:
            ref = system.spawn(puppet(seen, "a")).ref

            def flood() -> None:
                for _ in range(2_000):
                    ref.tell(Note("x"))

            floods = [asyncio.to_thread(flood) for _ in range(4)]
            await asyncio.gather(*floods)
            await ref.ask(Ping())
        return seen.count("a: x")

    assert asyncio.run(main()) == 8_000


def test_what_holds_up_the_loop_is_logged_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with loop_system() as system:
            await system.spawn(puppet([], "quick")).ref.ask(Ping())
            slow = system.spawn(puppet([], "slow")).ref
            await slow.ask(Do(lambda _: time.sleep(0.006)))

    with caplog.at_level(logging.WARNING, "quarterjack.actors"):
        asyncio.run(main())

    assert any(text.startswith("slow held the loop for") for text in caplog.messages)


def test_a_closed_dispatcher_runs_nothing_any_more() -> None:
    async def main() -> tuple[list[str], bool]:
        diary: list[str] = []
        loop = asyncio.get_running_loop()
        dispatcher = LoopDispatcher(loop)
        system = ActorSystem(SystemClock(loop), dispatcher)
        asked = system.spawn(puppet(diary, "a")).ref.ask(Ping())
        dispatcher.close()
        dispatcher.close()
        passed = asyncio.Event()
        loop.call_soon(passed.set)
        await passed.wait()
        return diary, asked.done()

    assert asyncio.run(main()) == ([], False)


def test_messages_after_the_loop_is_closed_are_harmless() -> None:
    async def main() -> Callable[[], None]:
        async with loop_system() as system:
            ref = system.spawn(puppet([], "a")).ref
            await ref.ask(Ping())
            cell = ref.cell
        return lambda: cell.dispatcher.schedule(cell)

    thread = threading.Thread(target=asyncio.run(main()))
    thread.start()
    thread.join()


def test_a_message_that_arrives_as_the_loop_falls_asleep_is_handled() -> None:
    async def main() -> str:
        async with loop_system() as system:
            first = system.spawn(puppet([], "first")).ref
            second = system.spawn(puppet([], "second")).ref
            await second.ask(Ping())
            answer: str = await first.ask(Do(lambda _: second.ask(Note("both"))))
            return answer

    assert asyncio.run(main()) == "both"


# On a thread.


def test_a_handler_that_blocks_on_a_thread_does_not_hold_the_loop() -> None:
    async def main() -> list[str]:
        diary: list[str] = []
        gate = threading.Event()
        async with loop_system() as system:
            blocked = system.spawn(puppet(diary, "blocked", Placement.THREAD)).ref
            other = system.spawn(puppet(diary, "other")).ref
            waiting = blocked.ask(Do(lambda _: gate.wait(20)))
            await other.ask(Note("meanwhile"))
            gate.set()
            assert await waiting
            await blocked.ask(Note("then"))
        return [line for line in diary if ":" in line]

    assert asyncio.run(main()) == ["other: meanwhile", "blocked: then"]


def test_a_thread_actor_runs_on_one_thread_of_its_own() -> None:
    async def main() -> set[str]:
        async with loop_system() as system:
            ref = system.spawn(puppet([], "writer", Placement.THREAD)).ref
            name = Do(lambda _: threading.current_thread().name)
            return {await ref.ask(name) for _ in range(5)}

    assert asyncio.run(main()) == {"quarterjack-writer"}


def test_a_flooded_thread_actor_handles_everything_in_order() -> None:
    async def main() -> list[str]:
        diary: list[str] = []
        async with loop_system() as system:
            ref = system.spawn(puppet(diary, "a", Placement.THREAD)).ref
            for number in range(2_000):
                ref.tell(Note(str(number)))
            await ref.ask(Ping())
        return diary

    expected = [f"a: {number}" for number in range(2_000)]
    assert asyncio.run(main()) == ["start a", *expected, "stop a"]


def test_a_thread_actor_survives_a_base_exception_of_its_own() -> None:
    async def main() -> str:
        async with loop_system() as system:
            a = system.spawn(puppet([], "a", Placement.THREAD)).ref
            a.tell(crash(SystemExit(3)))
            cell = a.cell
            await asyncio.to_thread(lambda: eventually(lambda: cell.last_error))
            return cell.state.value

    assert asyncio.run(main()) == "restarting"


def test_get_on_an_actors_own_thread_is_refused() -> None:
    async def main() -> str:
        async with loop_system() as system:
            ref = system.spawn(puppet([], "a", Placement.THREAD)).ref
            try:
                await ref.ask(Do(lambda actor: actor.ref.ask(Ping()).get(timeout=20)))
            except Exception as error:
                return type(error).__name__
            return "no error"

    assert asyncio.run(main()) == "WouldDeadlock"


def test_a_thread_ends_when_it_is_closed() -> None:
    dispatcher = ThreadDispatcher("short")
    before = dispatcher.has_ended()
    dispatcher.close()
    dispatcher.join()

    assert (before, dispatcher.has_ended()) == (False, True)


def test_a_thread_does_not_wait_for_itself() -> None:
    async def main() -> str:
        async with loop_system() as system:
            ref = system.spawn(puppet([], "a", Placement.THREAD)).ref

            def join(actor: Actor) -> str:
                dispatcher = actor.ref.cell.dispatcher
                assert isinstance(dispatcher, ThreadDispatcher)
                dispatcher.join()
                return "went on"

            answer: str = await ref.ask(Do(join))
            return answer

    assert asyncio.run(main()) == "went on"


# From a seed.


def run_with(seed: int | None) -> list[str]:
    stage = Stage(seed)
    stage.supervise(*[stage.puppet(name) for name in "abcd"])
    stage.read()
    for number in range(5):
        for name in "abcd":
            stage.ref(f"root/{name}").tell(Note(str(number)))
    stage.run()
    return stage.read()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_order(seed: int) -> None:
    assert run_with(seed) == run_with(seed)


def test_different_seeds_give_different_orders() -> None:
    orders = {tuple(run_with(seed)) for seed in SEEDS}

    assert len(orders) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_seed_nothing_is_lost_and_each_actor_keeps_its_order(seed: int) -> None:
    told = run_with(seed)

    assert sorted(told) == sorted(f"{name}: {number}" for name in "abcd" for number in range(5))
    assert [line for line in told if line.startswith("c")] == [f"c: {n}" for n in range(5)]


def test_without_a_seed_the_first_to_be_ready_is_the_first() -> None:
    expected = [f"{name}: {number}" for name in "abcd" for number in range(5)]

    assert run_with(None) == expected


def test_only_so_many_turns_are_given_as_are_asked_for() -> None:
    stage = Stage(seed=1)
    stage.start(stage.puppet("a"))
    stage.read()
    for number in range(5):
        stage.ref("a").tell(Note(str(number)))
    stage.dispatcher.run_until_idle(turns=0)
    nothing = stage.read()
    stage.dispatcher.run_until_idle(turns=2)
    some = stage.read()
    stage.run()

    assert nothing == []
    assert some == ["a: 0", "a: 1"]
    assert stage.read() == ["a: 2", "a: 3", "a: 4"]


def test_time_passes_timer_by_timer(stage: Stage) -> None:
    times: list[float] = []
    stage.start(stage.puppet("a"))

    def tick(puppet: Puppet) -> None:
        times.append(puppet.clock.monotonic())
        puppet.send_after(timedelta(seconds=10), Do(tick))

    stage.tell("a", Do(tick))
    stage.advance(seconds=35)

    assert times == [0, 10, 20, 30]
    assert stage.clock.monotonic() == 35


def test_a_year_of_hourly_ticks_takes_no_time(stage: Stage) -> None:
    count: list[int] = []
    stage.start(stage.puppet("a"))

    def tick(puppet: Puppet) -> None:
        count.append(1)
        puppet.send_after(timedelta(hours=1), Do(tick))

    stage.tell("a", Do(tick))
    stage.advance(days=365)

    assert len(count) == 365 * 24 + 1


def test_a_condition_is_waited_for_by_leaping(stage: Stage) -> None:
    stage.clock.call_later(3600, lambda: stage.diary.append("an hour"))

    assert stage.dispatcher.run_until(lambda: stage.diary == ["an hour"])
    assert stage.clock.monotonic() == 3600


@pytest.mark.parametrize("limit", [None, timedelta(hours=1.5)], ids=["no-limit", "limit"])
def test_a_condition_that_never_holds_is_given_up(stage: Stage, limit: timedelta | None) -> None:
    stage.clock.call_later(3600, lambda: stage.diary.append("an hour"))
    stage.clock.call_later(7200, lambda: stage.diary.append("two hours"))

    assert not stage.dispatcher.run_until(lambda: "never" in stage.diary, limit)
    assert stage.diary[0] == "an hour"


def test_an_answer_that_can_never_come_is_an_error(stage: Stage) -> None:
    never: Reply[None] = Reply()
    asked = stage.start(stage.puppet("a")).ask(Do(lambda _: never))

    with pytest.raises(NothingLeftToRun, match="still there is no answer"):
        asked.get()


def test_running_within_a_turn_does_nothing(stage: Stage) -> None:
    stage.start(stage.puppet("a"))
    stage.tell("a", Do(lambda _: stage.run()), Note("after"))

    assert stage.read() == ["start a", "a: after"]


def test_a_closed_stage_runs_nothing_any_more(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    ref.tell(Note("too late"))
    stage.dispatcher.close()
    stage.run()

    assert stage.read() == ["start a"]
