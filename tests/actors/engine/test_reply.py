"""Answers: given once, read anywhere, combined without waiting."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pykka
import pytest

from quarterjack.actors.engine import EngineError, Reply

NOTHING = LookupError("nothing there")


def failed(error: BaseException) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    reply.set_exception(error)
    return reply


def test_an_answer_can_be_read_any_number_of_times() -> None:
    reply = Reply.of("yes")

    assert [reply.get(), reply.get(timeout=0)] == ["yes", "yes"]
    assert reply.done()


def test_an_error_is_raised_whenever_it_is_read() -> None:
    reply = failed(NOTHING)

    for _ in range(2):
        with pytest.raises(LookupError, match="nothing there"):
            reply.get()


@pytest.mark.parametrize(
    "give",
    [
        pytest.param(lambda reply: reply.set(2), id="set"),
        pytest.param(lambda reply: reply.set_exception(NOTHING), id="set_exception"),
    ],
)
def test_an_answer_is_given_once(give: Callable[[Reply[int]], None]) -> None:
    reply = Reply.of(1)

    with pytest.raises(EngineError, match="given before"):
        give(reply)
    assert reply.settle(3) is False
    assert reply.get() == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(NOTHING, id="exception"),
        pytest.param((LookupError, NOTHING, None), id="exc_info"),
    ],
)
def test_an_error_is_taken_in_pykkas_forms(error: Any) -> None:
    with pytest.raises(LookupError, match="nothing there"):
        failed(error).get()


def test_the_error_being_handled_is_the_default() -> None:
    reply: Reply[None] = Reply()
    try:
        raise NOTHING
    except LookupError:
        reply.set_exception()

    with pytest.raises(LookupError, match="nothing there"):
        reply.get()


def test_no_error_at_all_is_refused() -> None:
    with pytest.raises(TypeError, match="needs an exception"):
        Reply[None]().set_exception()


def test_a_thread_waits_for_an_answer() -> None:
    reply: Reply[str] = Reply()
    timer = threading.Timer(0, reply.set, ["from another thread"])
    timer.start()

    assert reply.get(timeout=10) == "from another thread"
    timer.join()


def test_a_thread_waits_no_longer_than_it_wants_to() -> None:
    with pytest.raises(pykka.Timeout, match="no answer within 0 seconds"):
        Reply[None]().get(timeout=0)


def test_pykkas_get_hook_still_works() -> None:
    reply: Reply[str] = Reply()
    reply.set_get_hook(lambda timeout: f"within {timeout}")

    assert reply.get(timeout=2) == "within 2"


def test_callbacks_come_when_the_answer_does_or_at_once() -> None:
    reply: Reply[int] = Reply()
    seen: list[tuple[str, int]] = []
    reply.add_done_callback(lambda done: seen.append(("before", done.get())))
    reply.set(1)
    reply.add_done_callback(lambda done: seen.append(("after", done.get())))

    assert seen == [("before", 1), ("after", 1)]


def test_a_callback_that_fails_hurts_neither_giver_nor_neighbours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reply: Reply[int] = Reply()
    seen: list[int] = []

    def fail(_: Reply[int]) -> None:
        raise NOTHING

    reply.add_done_callback(fail)
    reply.add_done_callback(lambda done: seen.append(done.get()))
    reply.set(1)

    assert seen == [1]
    assert "a callback of <Reply, 1> failed" in caplog.text


def test_a_reply_passes_its_answer_on() -> None:
    first: Reply[str] = Reply()
    second: Reply[str] = Reply()
    third = Reply.of("before")
    first.pipe(second)
    first.pipe(third)
    first.set("x")

    assert (second.get(), third.get()) == ("x", "before")


def test_a_reply_passes_its_error_on() -> None:
    reply: Reply[str] = Reply()
    failed(NOTHING).pipe(reply)

    with pytest.raises(LookupError, match="nothing there"):
        reply.get()


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        pytest.param(lambda reply: reply.map(list), [1, 2, 3], id="map"),
        pytest.param(lambda reply: reply.filter(lambda item: item != 2), [1, 3], id="filter"),
        pytest.param(lambda reply: reply.reduce(lambda left, right: left - right), -4, id="reduce"),
        pytest.param(
            lambda reply: reply.reduce(lambda left, right: left - right, 10), 4, id="reduce-from"
        ),
        pytest.param(
            lambda reply: reply.map(sum).join(Reply.of("x"), Reply.of("y")),
            [6, "x", "y"],
            id="join",
        ),
    ],
)
def test_replies_combine_without_waiting(
    combine: Callable[[Reply[Any]], Reply[Any]], expected: object
) -> None:
    reply: Reply[Iterable[int]] = Reply()
    combined = combine(reply)
    before = combined.done()
    reply.set((1, 2, 3))

    assert (before, combined.done(), combined.get()) == (False, True, expected)


@pytest.mark.parametrize(
    "combine",
    [
        pytest.param(lambda reply: reply.map(list), id="map"),
        pytest.param(lambda reply: reply.filter(bool), id="filter"),
        pytest.param(lambda reply: reply.reduce(max), id="reduce"),
        pytest.param(lambda reply: reply.join(Reply()), id="join-first"),
        pytest.param(lambda reply: Reply[Any]().join(reply), id="join-second"),
        pytest.param(lambda reply: Reply.of(1).join(reply), id="join-last"),
    ],
)
def test_errors_pass_through_combinations(combine: Callable[[Reply[Any]], Reply[Any]]) -> None:
    with pytest.raises(LookupError, match="nothing there"):
        combine(failed(NOTHING)).get(timeout=0)


def test_an_error_of_the_function_is_the_answer() -> None:
    with pytest.raises(ZeroDivisionError):
        Reply.of(0).map(lambda value: 1 // value).get()


def test_what_is_not_iterable_can_not_be_filtered() -> None:
    odd: Reply[Any] = Reply.of(7)

    with pytest.raises(TypeError, match="not iterable"):
        odd.filter(bool).get()


def test_a_task_awaits_an_answer_that_is_there() -> None:
    async def main() -> str:
        return await Reply.of("there")

    assert asyncio.run(main()) == "there"


def test_a_task_awaits_an_answer_of_its_own_loop() -> None:
    async def main() -> str:
        reply: Reply[str] = Reply()
        asyncio.get_running_loop().call_soon(reply.set, "soon")
        return await reply

    assert asyncio.run(main()) == "soon"


def test_a_task_awaits_an_answer_of_another_thread() -> None:
    async def main() -> str:
        reply: Reply[str] = Reply()
        waiting = asyncio.ensure_future(_get(reply))
        await asyncio.to_thread(reply.set, "elsewhere")
        return await waiting

    assert asyncio.run(main()) == "elsewhere"


def test_a_task_that_gave_up_waiting_is_not_disturbed() -> None:
    async def main() -> None:
        reply: Reply[str] = Reply()
        waiting = asyncio.ensure_future(_get(reply))
        asyncio.get_running_loop().call_soon(waiting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.to_thread(reply.set, "too late")

    asyncio.run(main())


def test_an_answer_finds_the_loop_of_its_asker_closed() -> None:
    reply: Reply[str] = Reply()

    async def main() -> None:
        waiting = asyncio.ensure_future(_get(reply))
        asyncio.get_running_loop().call_soon(waiting.cancel)
        await asyncio.wait([waiting])

    asyncio.run(main())
    thread = threading.Thread(target=reply.set, args=["too late"])
    thread.start()
    thread.join()

    assert reply.get() == "too late"


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        pytest.param(Reply(), "<Reply, pending>", id="pending"),
        pytest.param(Reply.of("x"), "<Reply, 'x'>", id="value"),
        pytest.param(failed(NOTHING), "<Reply, LookupError('nothing there')>", id="error"),
        pytest.param(Reply.of("x" * 99), f"<Reply, '{'x' * 59}>", id="long"),
    ],
)
def test_a_reply_shows_how_it_stands(reply: Reply[Any], text: str) -> None:
    assert repr(reply) == text


async def _get(reply: Reply[str]) -> str:
    return await reply
