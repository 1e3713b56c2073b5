"""Addresses: valid across restarts, usable from any thread, pykka's words with our answers."""

import asyncio
import threading
from typing import Any

import pykka
import pytest
from stage import Do, Note, Puppet, Stage, crash, loop_system

from quarterjack.actors.engine import ChildSpec, MailboxFull, Ref


def test_an_address_shows_the_path(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    ref = stage.ref("root/a")

    assert (repr(ref), str(ref), ref.actor_urn) == ("<Ref root/a>", "<Ref root/a>", "root/a")
    assert ref.actor_class is Puppet


def test_an_address_is_alive_until_the_actor_is_stopped_for_good(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"))
    ref = stage.ref("root/a")
    alive = [ref.is_alive()]
    stage.tell("root/a", crash(OSError("no such device")))
    alive.append(ref.is_alive())
    stage.advance(seconds=1)
    alive.append(ref.is_alive())
    stage.system.stop(root)
    stage.run()

    assert [*alive, ref.is_alive()] == [True, True, True, False]


def test_an_answer_can_be_waited_for_at_once(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))

    assert ref.ask(Note("x"), block=True) == "x"
    assert ref.ask(Note("y"), block=False).get() == "y"
    assert ref.ask(Note("z")).get(timeout=1) == "z"


def test_a_control_message_overtakes_a_full_mailbox(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a", mailbox_limit=2))
    stage.read()
    ref.tell(Note("first"))
    ref.tell(Note("second"))
    ref.tell_control(Note("urgent"))
    stage.run()

    assert stage.read() == ["a: urgent", "a: first", "a: second"]


def test_a_full_mailbox_refuses_what_is_told_and_asked(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a", mailbox_limit=2))
    stage.read()
    for number in range(1_000):
        ref.tell(Note(str(number)))
    depth = stage.info("a").mailbox_depth

    with pytest.raises(MailboxFull, match="<Ref a> has too much to do; try again later"):
        ref.ask(Note("me?"), block=True)
    stage.run()
    assert (depth, stage.read()) == (2, ["a: 0", "a: 1"])
    assert stage.system.dead_letters.counts == {"mailbox full": 999}
    assert ref.ask(Note("now?"), block=True) == "now?"


def test_a_full_mailbox_does_not_hold_up_the_stop(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a", mailbox_limit=2))
    stage.read()
    asked = ref.ask(Note("first"))
    ref.tell(Note("second"))
    stage.system.stop(ref)
    stage.run()

    assert stage.read() == ["stop a"]
    with pytest.raises(pykka.ActorDeadError, match="a has stopped"):
        asked.get()


def test_an_actor_that_stops_between_look_and_message_answers_all_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = stage.start(stage.puppet("a"))
    put = ref.cell.mailbox.put

    class Slow:
        """A mailbox whose actor stops while a message is put into it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(mailbox, name)

        def put(self, message: Any) -> bool:
            ref.cell.stop_now()
            return put(message)

    mailbox, ref.cell.mailbox = ref.cell.mailbox, Slow()  # type: ignore[assignment]

    with pytest.raises(pykka.ActorDeadError, match="a has stopped"):
        ref.ask(Note("x"), block=True)
    assert mailbox.empty()


def test_an_actor_that_stops_while_a_full_mailbox_is_asked_answers_once(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a", mailbox_limit=1))
    asked = [ref.ask(Note("first")), ref.ask(Note("second"))]
    ref.cell.stop_now()

    with pytest.raises(pykka.ActorDeadError):
        asked[0].get()
    with pytest.raises(MailboxFull):
        asked[1].get()


def test_stop_handles_what_waits_before(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    ref.tell(Note("before"))
    stopped = ref.stop()
    late = ref.ask(Note("after"))

    assert stopped.get() is True
    assert stage.read() == ["start a", "a: before", "stop a"]
    with pytest.raises(pykka.ActorDeadError, match="a has stopped"):
        late.get()
    assert ref.stop(block=True) is False


def test_stopping_twice_is_answered_twice(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    first, second = ref.stop(), ref.stop()

    assert (first.get(), second.get()) == (True, True)


def test_stop_is_refused_by_a_full_mailbox(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a", mailbox_limit=1))
    ref.tell(Note("first"))

    with pytest.raises(MailboxFull):
        ref.stop(block=True)


def test_pykkas_proxy_calls_reads_and_writes(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    proxy = ref.proxy()
    proxy.diary = ["new"]

    assert proxy.diary.get() == ["new"]
    assert proxy.note(Note("called")).get() == "called"
    assert proxy.diary.get() == ["new", "a: called"]


def test_an_answer_is_asked_for_from_many_threads() -> None:
    async def main() -> list[str]:
        async with loop_system() as system:
            ref = system.spawn(ChildSpec("a", lambda: Puppet([]))).ref
            answers: list[str] = []

            def ask(name: str) -> None:
                answers.extend(ref.ask(Note(f"{name}{n}"), block=True, timeout=20) for n in "12")

            threads = [threading.Thread(target=ask, args=[name]) for name in "abcd"]
            for thread in threads:
                thread.start()
            for thread in threads:
                await asyncio.to_thread(thread.join)
            return answers

    assert sorted(asyncio.run(main())) == ["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"]


def test_addresses_are_equal_only_to_themselves(stage: Stage) -> None:
    first: Ref[Any] = stage.start(stage.puppet("a"))
    second: Ref[Any] = stage.start(stage.puppet("b"))

    assert first == stage.ref("a")
    assert first != second
    assert len({first, second, stage.ref("a")}) == 2


def test_a_question_to_an_actor_that_was_not_yet_begun_waits(stage: Stage) -> None:
    cell = stage.system.place(stage.puppet("a"))
    asked = cell.ref.ask(Do(lambda puppet: puppet.name))
    stage.run()

    assert not asked.done()
    assert stage.info("a").state == "starting"
