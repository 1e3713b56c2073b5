"""What an actor has and can do: handlers, hooks, timers, requests, selective receive, forwarding."""

from datetime import timedelta
from typing import Any, NamedTuple

import pykka
import pytest
from stage import Do, Note, Puppet, Stage, Strange, crash

from quarterjack.actors.engine import (
    Actor,
    ChildSpec,
    EngineError,
    MailboxFull,
    Ping,
    Reply,
    handles,
)


class Add(NamedTuple):
    number: int


class Take(NamedTuple):
    number: int


class Counter(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    @handles(Add, Take)
    def change(self, message: Add | Take) -> int:
        self.total += message.number if isinstance(message, Add) else -message.number
        return self.total


class Doubler(Counter):
    """Handles one of its parent's messages differently."""

    @handles(Add)
    def add_twice(self, message: Add) -> int:
        self.total += 2 * message.number
        return self.total


@pytest.mark.parametrize(
    ("kind", "message", "answer"),
    [
        pytest.param(Counter, Add(3), 3, id="first-class"),
        pytest.param(Counter, Take(3), -3, id="second-class-of-one-method"),
        pytest.param(Doubler, Add(3), 6, id="overridden"),
        pytest.param(Doubler, Take(3), -3, id="inherited"),
        pytest.param(Counter, Ping(), None, id="every-actor-answers-ping"),
    ],
)
def test_a_message_goes_to_the_handler_of_its_class(
    stage: Stage, kind: type[Actor], message: Any, answer: int | None
) -> None:
    ref = stage.start(ChildSpec("counter", kind))

    assert ref.ask(message, block=True) == answer


def test_a_question_nobody_handles_is_answered_with_an_error(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))

    with pytest.raises(EngineError, match="a has no handler for Strange"):
        ref.ask(Strange(), block=True)
    assert stage.info("a").state == "running"


def test_a_message_nobody_handles_is_a_dead_letter(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    ref.tell(Strange())
    stage.run()

    assert stage.system.dead_letters.counts == {"unhandled": 1}
    assert ref.ask(Note("still here"), block=True) == "still here"


def test_the_error_of_a_handler_is_the_answer_and_no_crash(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))

    with pytest.raises(LookupError, match="nothing there"):
        ref.ask(crash(LookupError("nothing there")), block=True)
    assert stage.read() == ["start a"]


def test_a_promised_answer_comes_later(stage: Stage) -> None:
    promise: Reply[str] = Reply()
    ref = stage.start(stage.puppet("a"))
    asked = ref.ask(Do(lambda _: promise))
    stage.run()
    before = asked.done()
    promise.set("at last")

    assert (before, asked.get()) == (False, "at last")


@pytest.mark.parametrize("make", [Actor.start, Puppet.start])
def test_pykkas_way_of_starting_is_refused_with_the_right_one(make: Any) -> None:
    with pytest.raises(TypeError, match=r"start \w+ with ActorSystem.spawn"):
        make()


@pytest.mark.parametrize("part", ["_create_actor_inbox", "_start_actor_loop"])
def test_pykkas_own_machinery_is_not_used(part: str) -> None:
    with pytest.raises(NotImplementedError):
        getattr(Counter(), part)()


def test_an_actor_knows_itself_in_our_words_and_in_pykkas(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    ref = stage.ref("root/a")
    actor: Puppet = ref.ask(Do(lambda puppet: puppet), block=True)

    assert (actor.name, actor.actor_urn, actor.restarted) == ("a", "root/a", False)
    assert (actor.ref, actor.actor_ref) == (ref, ref)
    assert (actor.system, actor.clock) == (stage.system, stage.clock)
    assert actor.actor_inbox.empty()
    assert not actor.actor_stopped.is_set()
    assert isinstance(actor._create_future(), Reply)
    stage.system.stop(stage.ref("root"))
    stage.run()
    assert actor.actor_stopped.is_set()


def test_an_actor_tells_itself_something_after_a_span(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    send = Do(lambda puppet: puppet.send_after(timedelta(seconds=5), Note("later")))
    stage.tell("root/a", send)
    stage.advance(seconds=4.9)
    before = stage.read()
    stage.advance(seconds=0.1)

    assert (before, stage.read()) == (["start a"], ["a: later"])


def test_what_was_to_be_sent_later_can_be_cancelled(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    timer = ref.ask(
        Do(lambda puppet: Reply.of(puppet.send_after(timedelta(seconds=5), Note("later")))),
        block=True,
    )
    timer.cancel()
    stage.advance(hours=1)

    assert stage.read() == ["start a"]


def test_a_request_is_answered_on_the_askers_turn(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"))
    other = stage.ref("root/b")

    def ask(puppet: Puppet) -> None:
        puppet.request(other, Note("asked"), lambda reply: puppet.diary.append(f"got {reply}"))
        puppet.diary.append("went on")

    stage.read()
    stage.tell("root/a", Do(ask))

    assert stage.read() == ["went on", "b: asked", "got <Reply, 'asked'>"]


def test_an_answer_overtakes_what_waits(stage: Stage) -> None:
    promise: Reply[str] = Reply()
    ref = stage.start(stage.puppet("a"))
    stage.tell("a", Do(lambda a: a.when(promise, lambda done: a.diary.append(done.get()))))
    stage.read()
    ref.tell(Note("waited"))
    promise.set("answer")
    stage.run()

    assert stage.read() == ["answer", "a: waited"]


def test_an_answer_to_a_crashed_actor_is_not_given_to_its_successor(stage: Stage) -> None:
    promise: Reply[str] = Reply()
    stage.supervise(stage.puppet("a"))
    stage.tell("root/a", Do(lambda a: a.when(promise, lambda done: a.diary.append(done.get()))))
    stage.tell("root/a", crash(OSError("no such device")))
    stage.advance(seconds=1)
    promise.set("too late")
    stage.run()

    assert stage.read() == ["start a", "fail a", "start a"]


def test_an_error_while_an_answer_is_handled_is_a_crash(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    wait = Do(lambda a: a.when(Reply.of(0), lambda done: 1 // done.get()))
    stage.tell("root/a", wait)

    assert stage.info("root/a").last_error == (
        "ZeroDivisionError: integer division or modulo by zero"
    )


def test_an_actor_that_holds_takes_no_ordinary_message(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    stage.tell("a", Do(Puppet.hold), Note("first"), Note("second"))
    held = (stage.read(), stage.info("a").state, stage.info("a").mailbox_depth)

    ref.tell_control(Do(Puppet.release))
    stage.run()

    assert held == (["start a"], "holding", 2)
    assert stage.read() == ["a: first", "a: second"]


def test_an_answer_lets_an_actor_that_holds_go_on(stage: Stage) -> None:
    promise: Reply[None] = Reply()
    stage.start(stage.puppet("a"))

    def wait(puppet: Puppet) -> None:
        puppet.hold()
        puppet.when(promise, lambda _: puppet.release())

    stage.tell("a", Do(wait), Note("after"))
    held = stage.read()
    promise.set()
    stage.run()

    assert (held, stage.read()) == (["start a"], ["a: after"])


def test_releasing_an_actor_that_holds_nothing_is_harmless(stage: Stage) -> None:
    stage.start(stage.puppet("a"))
    stage.tell("a", Do(Puppet.release), Note("after"))

    assert stage.read() == ["start a", "a: after"]


def test_an_actor_that_crashes_while_it_holds_is_free_again(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    stage.tell("root/a", Do(Puppet.hold), Note("after"))
    stage.ref("root/a").tell_control(crash(OSError("no such device")))
    stage.advance(seconds=1)

    assert stage.read() == ["start a", "fail a", "start a", "a: after"]


def test_a_forwarded_question_is_answered_to_the_one_who_asked(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"))
    other = stage.ref("root/b")
    forward = Do(lambda puppet: puppet.forward(other, Note("for you")))

    assert stage.ref("root/a").ask(forward, block=True) == "for you"
    stage.tell("root/a", forward)
    assert stage.read()[2:] == ["b: for you", "b: for you"]


def test_a_question_forwarded_to_a_full_mailbox_is_refused(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b", mailbox_limit=1))
    other = stage.ref("root/b")
    asked = stage.ref("root/a").ask(Do(lambda puppet: puppet.forward(other, Note("x"))))
    other.tell(Do(lambda _: None))
    stage.ref("root/b").cell.hold()
    stage.run()

    with pytest.raises(MailboxFull, match="<Ref root/b> has too much to do"):
        asked.get()


def test_a_question_forwarded_to_a_stopped_actor_is_an_error(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    gone = stage.start(stage.puppet("gone"))
    stage.system.stop(gone)
    stage.run()

    with pytest.raises(pykka.ActorDeadError, match="gone has stopped"):
        stage.ref("root/a").ask(Do(lambda a: a.forward(gone, Note("x"))), block=True)


def test_a_second_answer_hurts_nobody(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"))
    other = stage.ref("root/b")

    def answer_twice(puppet: Puppet) -> None:
        puppet.forward(other, Note("second"))
        raise LookupError("first")

    with pytest.raises(LookupError, match="first"):
        stage.ref("root/a").ask(Do(answer_twice), block=True)
    stage.run()
    assert [info.restarts for info in stage.system.tree()] == [0, 0, 0]
    assert stage.read()[2:] == ["b: second"]


def test_a_successor_knows_that_it_is_one(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    stage.tell("root/a", crash(OSError("no such device")))
    stage.advance(seconds=1)

    assert stage.ref("root/a").ask(Do(lambda puppet: puppet.restarted), block=True) is True


class Writer(Puppet):
    """Collects notes and writes them down together."""

    batches = True

    def __init__(self, diary: list[str], limit: int) -> None:
        super().__init__(diary)
        self.limit = limit
        self.collected: list[Note] = []

    @handles(Note)
    def note(self, message: Note) -> str:
        self.collected.append(message)
        return message.text

    def after_batch(self) -> None:
        if len(self.collected) > self.limit:
            raise OverflowError("too many at once")
        self.diary.append(" ".join(note.text for note in self.collected))
        self.collected.clear()

    def unfinished(self) -> list[Any]:
        return self.collected


def test_after_a_batch_the_messages_at_hand_were_handled(stage: Stage) -> None:
    ref = stage.start(ChildSpec("a", lambda: Writer(stage.diary, limit=9)))
    stage.read()
    for text in ("a", "b", "c"):
        ref.tell(Note(text))
    stage.run()

    assert stage.read() == ["a b c"]


def test_what_a_crashed_actor_left_unfinished_is_handled_by_the_next(stage: Stage) -> None:
    limits = iter([1, 9])
    stage.supervise(ChildSpec("a", lambda: Writer(stage.diary, next(limits))))
    stage.read()
    stage.tell("root/a")
    for text in ("a", "b", "c"):
        stage.ref("root/a").tell(Note(text))
    stage.run()
    crashed = stage.info("root/a")
    stage.advance(seconds=1)

    assert (crashed.last_error, crashed.mailbox_depth) == ("OverflowError: too many at once", 3)
    assert stage.read() == ["fail a", "start a", "a b c"]
