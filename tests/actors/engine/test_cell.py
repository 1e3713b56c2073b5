"""What stays while an actor crashes and is made again; and what becomes of those who wait for it."""

from datetime import timedelta
from typing import Any

import pykka
import pytest
from pykka._envelope import Envelope
from stage import Do, Note, Puppet, Stage, crash

from quarterjack.actors.engine import (
    CellState,
    ChildSpec,
    EngineError,
    Intensity,
    Reply,
    Strategy,
    Supervisor,
)
from quarterjack.actors.engine.cell import Begin

CRASH = crash(OSError("no such device"))


class Keeps(Puppet):
    """Promises that the next one keeps."""

    keeps_promises = True


def promise(stage: Stage, path: str) -> tuple[Reply[str], Reply[Any]]:
    """An answer that an actor promised, and what the asker holds of it."""
    given: Reply[str] = Reply()
    asked = stage.ref(path).ask(Do(lambda _: given))
    stage.run()
    return given, asked


def test_who_was_promised_an_answer_learns_of_the_crash(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    given, asked = promise(stage, "root/a")
    stage.tell("root/a", CRASH)

    with pytest.raises(EngineError, match=r"root/a ended before it answered: OSError"):
        asked.get()
    given.set("too late")


def test_who_was_promised_an_answer_learns_of_the_stop(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"))
    _, asked = promise(stage, "root/a")
    stage.system.stop(root)
    stage.run()

    with pytest.raises(EngineError, match="root/a ended before it answered"):
        asked.get()


def test_who_was_promised_an_answer_learns_of_a_siblings_crash(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"), strategy=Strategy.ONE_FOR_ALL)
    _, asked = promise(stage, "root/a")
    stage.tell("root/b", CRASH)

    with pytest.raises(EngineError, match="root/a ended before it answered"):
        asked.get()


def test_a_promise_that_was_kept_is_forgotten(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    given, asked = promise(stage, "root/a")
    given.set("kept")
    stage.tell("root/a", CRASH)

    assert asked.get() == "kept"


def test_a_promise_that_the_next_one_keeps_outlives_the_crash(stage: Stage) -> None:
    stage.supervise(ChildSpec("a", lambda: Keeps(stage.diary)))
    given, asked = promise(stage, "root/a")
    stage.tell("root/a", CRASH)
    given.set("all the same")

    assert asked.get() == "all the same"


def test_a_question_that_waits_is_answered_after_the_restart(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    stage.ref("root/a").tell(CRASH)
    asked = stage.ref("root/a").ask(Note("x"))

    assert asked.get() == "x"
    assert stage.read() == ["start a", "fail a", "start a", "a: x"]


def test_a_question_that_waits_for_a_stopped_actor_is_an_error(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    ref.stop()
    asked = [ref.ask(Note("x")), ref.stop()]
    ref.tell(Note("y"))
    stage.run()

    with pytest.raises(pykka.ActorDeadError, match="a has stopped"):
        asked[0].get()
    assert asked[1].get() is True
    assert stage.system.dead_letters.counts == {"stopped": 2}


def test_a_control_question_to_an_actor_that_is_not_there_is_an_error(stage: Stage) -> None:
    cell = stage.system.place(stage.puppet("a"))
    cell.ref.tell_control(Note("anybody?"))
    answer: Reply[Any] = Reply()
    cell.put_control(Envelope(Note("anybody?"), answer))
    stage.run()

    assert stage.system.dead_letters.counts == {"not started": 2}
    with pytest.raises(pykka.ActorDeadError, match="a has not started"):
        answer.get()


def test_control_messages_can_be_asked_with_no_one_to_answer(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    ref.tell_control(Envelope(Note("x")))
    stage.run()

    assert stage.read() == ["start a", "a: x"]


@pytest.mark.parametrize("hook", ["on_stop", "on_failure", "unfinished"])
def test_a_hook_that_crashes_is_logged_and_changes_nothing(
    hook: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Bad(Puppet):
        """Crashes in a hook."""

    def fail(*_: Any) -> None:
        raise LookupError("nothing there")

    monkeypatch.setattr(Bad, hook, fail)
    stage = Stage()
    root = stage.supervise(ChildSpec("a", lambda: Bad(stage.diary)))
    stage.tell("root/a", CRASH, Note("after"))
    stage.advance(seconds=1)
    stage.system.stop(root)
    stage.run()

    assert "a: after" in stage.read()
    assert f"root/a: {hook} crashed" in caplog.text
    assert stage.paths() == []


def test_an_actor_that_can_not_be_made_is_tried_again(stage: Stage) -> None:
    attempts = iter([OSError("first"), None])

    def make() -> Puppet:
        error = next(attempts)
        if error is not None:
            raise error
        return Puppet(stage.diary)

    stage.supervise(ChildSpec("a", make))
    first = stage.info("root/a")
    stage.advance(seconds=1)

    assert (first.state, first.last_error) == ("restarting", "OSError: first")
    assert (stage.info("root/a").state, stage.read()) == ("running", ["start a"])


def test_a_second_beginning_is_ignored(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    ref.tell_control(Begin())
    stage.run()

    assert stage.info("a").restarts == 0
    assert stage.read() == ["start a"]


def test_a_stopped_actor_stays_stopped(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    stage.system.stop(ref)
    stage.system.stop(ref)
    stage.run()
    ref.cell.fail(OSError("no such device"))
    ref.cell.release()
    stage.run()

    assert ref.cell.state is CellState.STOPPED
    assert stage.read() == ["start a", "stop a"]


def test_an_actor_that_ends_itself_within_a_handler_can_not_crash_afterwards(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"))

    def end(puppet: Puppet) -> None:
        puppet.ref.cell.stop_now()
        raise OSError("no such device")

    stage.tell("root/b", Do(end))
    stage.advance(seconds=1)

    assert stage.read() == ["start a", "start b", "stop b", "start b"]
    assert stage.info("root").restarts == 0


def test_told_to_stop_twice_a_supervisor_stops_once(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"), stage.puppet("b"))
    stage.system.stop(root)
    stage.system.stop(root)
    stage.run()

    assert stage.read() == ["start a", "start b", "stop b", "stop a"]
    assert stage.system.dead_letters.counts == {}


def test_a_child_that_crashes_while_all_stop_is_not_made_again(stage: Stage) -> None:
    never = Intensity(0, timedelta(seconds=5))
    root = stage.supervise(stage.puppet("a"), stage.puppet("b"), intensity=never)
    stage.system.stop(root)
    stage.ref("root/a").tell(CRASH)
    stage.run()
    stage.advance(hours=1)

    assert stage.read() == ["start a", "start b", "fail a", "stop b"]
    assert stage.paths() == []


def test_a_supervisor_that_crashed_can_be_stopped_before_its_restart(stage: Stage) -> None:
    inner = ChildSpec("inner", lambda: Supervisor([stage.puppet("a")]))
    root = stage.supervise(inner)
    stage.ref("root/inner").cell.fail(OSError("no such device"))
    stage.run()
    stage.system.stop(root)
    stage.advance(hours=1)

    assert stage.read() == ["start a", "stop a"]
    assert stage.paths() == []
    assert stage.clock.monotonic() == timedelta(hours=1).total_seconds()


def test_many_control_messages_are_handled_in_several_turns(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    stage.read()
    for number in range(200):
        ref.tell_control(Note(str(number)))
    stage.run()

    assert stage.read() == [f"a: {number}" for number in range(200)]


def test_an_actor_can_be_released_from_outside_its_turn(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    stage.tell("a", Do(Puppet.hold), Note("waits"))
    stage.clock.call_later(5, ref.cell.release)
    stage.advance(seconds=5)

    assert stage.read() == ["start a", "a: waits"]


def test_a_listener_of_the_end_that_fails_is_no_crash(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    ref = stage.start(stage.puppet("a"))

    def fail() -> None:
        raise LookupError("nothing there")

    stage.system.on_stopped(fail)
    stage.system.stop(ref)
    stage.run()

    assert "a crashed: LookupError('nothing there')" in caplog.messages
    assert (stage.read(), stage.paths()) == (["start a", "stop a"], [])
    other = stage.start(stage.puppet("b"))
    assert other.ask(Note("here"), block=True) == "here"
