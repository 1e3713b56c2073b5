"""What pykka 4.5 does that would hurt a server, and that ours does not do."""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pykka
import pytest
from stage import Do, Note, Puppet, Stage, crash, loop_system

from quarterjack.actors.engine import (
    ActorSystem,
    ChildSpec,
    EngineError,
    LoopDispatcher,
    Ref,
    Reply,
    SystemClock,
    WouldDeadlock,
)


class Unheard(BaseException):
    """Derived from BaseException alone, as SystemExit is."""


BASE_EXCEPTIONS = [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), Unheard("by anybody")]
base_exceptions = pytest.mark.parametrize("error", BASE_EXCEPTIONS, ids=lambda each: repr(each))


def test_awaiting_an_answer_lets_the_loop_go_on() -> None:
    answer: Reply[str] = Reply()

    async def main() -> tuple[str, str]:
        async with loop_system() as system:
            slow = system.spawn(ChildSpec("slow", lambda: Puppet([]))).ref
            quick = system.spawn(ChildSpec("quick", lambda: Puppet([]))).ref
            waiting = asyncio.ensure_future(slow.ask(Do(lambda _: answer)))
            meanwhile = await quick.ask(Note("meanwhile"))
            answer.set("at last")
            return meanwhile, await waiting

    assert asyncio.run(main()) == ("meanwhile", "at last")


def test_an_answer_is_awaited_on_a_loop_of_another_thread() -> None:
    answer: Reply[str] = Reply()

    def elsewhere(ref: Ref[Any]) -> list[str]:
        async def wait() -> list[str]:
            waiting = asyncio.ensure_future(ref.ask(Do(lambda _: answer)))
            first = await ref.ask(Note("first"))
            answer.set("second")
            return [first, await waiting]

        return asyncio.run(wait())

    async def main() -> list[str]:
        async with loop_system() as system:
            ref = system.spawn(ChildSpec("a", lambda: Puppet([]))).ref
            return await asyncio.to_thread(elsewhere, ref)

    assert asyncio.run(main()) == ["first", "second"]


def combinations(reply: Reply[Iterable[int]]) -> list[tuple[Reply[Any], Any]]:
    return [
        (reply.map(sum), 6),
        (reply.filter(lambda item: item > 1), [2, 3]),
        (reply.reduce(lambda left, right: left + right), 6),
        (reply.join(Reply.of("x")), [[1, 2, 3], "x"]),
    ]


@pytest.mark.parametrize("index", range(4), ids=["map", "filter", "reduce", "join"])
def test_combined_answers_can_be_awaited_too(index: int) -> None:
    async def main() -> tuple[Any, Any]:
        reply: Reply[Iterable[int]] = Reply()
        combined, expected = combinations(reply)[index]
        asyncio.get_running_loop().call_soon(reply.set, [1, 2, 3])
        async with asyncio.timeout(10):
            return await combined, expected

    found, expected = asyncio.run(main())
    assert found == expected


def test_the_answer_to_stop_can_be_awaited_too() -> None:
    async def main() -> list[bool]:
        async with loop_system() as system, asyncio.timeout(10):
            ref = system.spawn(ChildSpec("a", lambda: Puppet([]))).ref
            return [await ref.stop(), await ref.stop()]

    assert asyncio.run(main()) == [True, False]


def test_our_actors_are_in_no_global_list() -> None:
    stage = Stage()
    stage.supervise(stage.puppet("a"), stage.puppet("b"))

    assert pykka.ActorRegistry.get_all() == []


def test_thousands_of_actors_stop_without_a_global_list(monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[str] = []
    monkeypatch.setattr(pykka.ActorRegistry, "register", lambda _: touched.append("register"))
    monkeypatch.setattr(pykka.ActorRegistry, "unregister", lambda _: touched.append("unregister"))
    stage = Stage()
    root = stage.supervise(*[stage.puppet(f"a{number}") for number in range(5_000)])
    count = len(stage.paths())

    stage.system.stop(root)
    stage.run()

    assert (count, stage.paths(), touched) == (5_001, [], [])


@base_exceptions
def test_a_base_exception_ends_one_actor_only(error: BaseException) -> None:
    stage = Stage()
    stage.supervise(stage.puppet("a"), stage.puppet("b"))
    stage.tell("root/a", crash(error))

    assert stage.ref("root/b").ask(Note("here"), block=True) == "here"
    assert stage.info("root/b").restarts == 0
    stage.advance(seconds=1)
    assert stage.ref("root/a").ask(Note("again"), block=True) == "again"
    assert stage.info("root/a").last_error == f"{type(error).__name__}: {error}"


@base_exceptions
def test_a_base_exception_does_not_reach_the_asker_bare(error: BaseException) -> None:
    stage = Stage()
    stage.supervise(stage.puppet("a"))

    with pytest.raises(EngineError, match="root/a crashed before it answered") as caught:
        stage.ref("root/a").ask(crash(error), block=True)

    assert caught.value.__cause__ is error
    assert stage.info("root/a").state == "restarting"


@base_exceptions
def test_the_loop_lives_on_after_a_base_exception(error: BaseException) -> None:
    async def main() -> str:
        async with loop_system() as system:
            bad = system.spawn(ChildSpec("bad", lambda: Puppet([]))).ref
            good = system.spawn(ChildSpec("good", lambda: Puppet([]))).ref
            bad.tell(crash(error))
            answer: str = await good.ask(Note("still here"))
            return answer

    assert asyncio.run(main()) == "still here"


@pytest.mark.parametrize("hook", ["on_start", "on_stop", "on_failure", "unfinished"])
def test_a_base_exception_in_a_hook_ends_one_actor_only(
    hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bad(Puppet):
        """Crashes in a hook."""

    def leave(*_: Any) -> None:
        raise SystemExit(4)

    monkeypatch.setattr(Bad, hook, leave)
    stage = Stage()
    root = stage.supervise(stage.puppet("a"), ChildSpec("bad", lambda: Bad([])))
    stage.tell("root/bad", crash(OSError("no such device")))

    assert stage.ref("root/a").ask(Note("here"), block=True) == "here"
    stage.system.stop(root)
    stage.run()
    assert stage.paths() == []


def test_an_actor_lives_when_only_its_address_is_kept() -> None:
    stage = Stage()
    ref = stage.start(stage.puppet("a"))
    gc.collect()

    assert ref.ask(Note("still here"), block=True) == "still here"


def test_an_address_is_enough_when_even_the_system_is_gone() -> None:
    def only_the_address() -> tuple[Ref[Any], Callable[[], None]]:
        stage = Stage()
        return stage.start(stage.puppet("a")), stage.run

    ref, run = only_the_address()
    gc.collect()
    ref.tell(Note("somebody?"))
    run()

    assert ref.cell.mailbox.empty()
    assert ref.ask(Note("still here"), block=True) == "still here"


def test_a_dead_actor_is_a_clear_error_and_a_dead_letter() -> None:
    stage = Stage()
    ref = stage.start(stage.puppet("a"))
    stage.system.stop(ref)
    stage.run()

    ref.tell(Note("anybody?"))
    ref.tell_control(Note("or at least now?"))

    with pytest.raises(pykka.ActorDeadError, match="<Ref a> has stopped"):
        ref.ask(Note("anybody?"), block=True)
    assert stage.system.dead_letters.counts == {"stopped": 2}
    assert not ref.is_alive()


def test_get_on_the_loops_own_thread_says_await() -> None:
    async def main() -> None:
        async with loop_system() as system:
            ref = system.spawn(ChildSpec("a", lambda: Puppet([]))).ref
            with pytest.raises(WouldDeadlock, match="did you mean `await`"):
                ref.ask(Note("x")).get()
            with pytest.raises(WouldDeadlock, match="did you mean `await`"):
                ref.ask(Note("x"), block=True)

    asyncio.run(main())


def test_get_within_a_handler_says_await() -> None:
    stage = Stage()
    stage.supervise(stage.puppet("a"), stage.puppet("b"))
    other = stage.ref("root/b")
    before = stage.clock.monotonic()
    stage.clock.call_later(60, lambda: None)

    with pytest.raises(WouldDeadlock, match="did you mean `await`"):
        stage.ref("root/a").ask(Do(lambda _: other.ask(Note("x")).get()), block=True)
    assert stage.clock.monotonic() == before


def test_get_works_on_the_loops_thread_once_the_actors_are_gone() -> None:
    async def main() -> None:
        async with loop_system():
            pass

    asyncio.run(main())
    reply: Reply[str] = Reply()
    timer = threading.Timer(0, reply.set, ["after all"])
    timer.start()

    assert reply.get(timeout=10) == "after all"
    timer.join()


def test_two_systems_in_one_process_share_nothing() -> None:
    async def main() -> tuple[int, int, str]:
        loop = asyncio.get_running_loop()
        dispatcher = LoopDispatcher(loop)
        other = ActorSystem(SystemClock(loop), dispatcher)
        async with loop_system() as system:
            ref = system.spawn(ChildSpec("a", lambda: Puppet([]))).ref
            other.spawn(ChildSpec("a", lambda: Puppet([])))
            dispatcher.close()
            answer: str = await ref.ask(Note("here"))
            return len(system.tree()), len(other.tree()), answer

    assert asyncio.run(main()) == (1, 1, "here")


def test_a_timeout_of_a_blocking_ask_is_pykkas() -> None:
    stage = Stage()
    stage.start(stage.puppet("a"))
    stage.clock.call_later(timedelta(hours=1).total_seconds(), lambda: None)
    never: Reply[None] = Reply()

    with pytest.raises(pykka.Timeout, match=r"no answer within 2\.5 virtual seconds"):
        stage.ref("a").ask(Do(lambda _: never), block=True, timeout=2.5)
