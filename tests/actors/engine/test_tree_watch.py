"""What somebody sees who watches the supervision tree."""

import time

import pytest
from stage import Do, Note, Stage, crash, supervisor

from quarterjack.actors.engine import Sighting, Supervisor, TreeWatch


def look(watch: TreeWatch) -> tuple[dict[str, Sighting], list[str]]:
    """All that has changed."""
    pieces = list(watch.look())
    seen = {each.info.path: each for piece in pieces for each in piece.seen}
    return seen, [path for piece in pieces for path in piece.gone]


def test_the_first_look_sees_every_actor_parents_first(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), supervisor("inner", [stage.puppet("b")]))

    seen, gone = look(TreeWatch(stage.system, 100))

    assert list(seen) == ["root", "root/a", "root/inner", "root/inner/b"]
    assert [each.info for each in seen.values()] == stage.system.tree()
    assert gone == []


def test_a_second_look_sees_only_what_has_changed(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"))
    watch = TreeWatch(stage.system, 100)
    look(watch)
    assert look(watch) == ({}, [])

    stage.tell("root/a", *(Note("x") for _ in range(10)))
    stage.advance(seconds=2)
    busy, _ = look(watch)
    stage.advance(seconds=2)
    quiet, _ = look(watch)

    assert {path: each.handled_per_second for path, each in busy.items()} == {"root/a": 5.0}
    assert {path: each.handled_per_second for path, each in quiet.items()} == {"root/a": 0.0}
    assert look(watch) == ({}, [])


def test_a_crash_and_the_restart_are_seen(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    watch = TreeWatch(stage.system, 100)
    look(watch)
    stage.tell("root/a", crash(LookupError("nothing there")), Note("waits"))
    crashed = look(watch)[0]["root/a"].info
    stage.advance(seconds=1)
    restarted = look(watch)[0]["root/a"].info

    assert (crashed.state, crashed.mailbox_depth, crashed.restarts) == ("restarting", 1, 0)
    assert crashed.last_error == "LookupError: nothing there"
    assert (restarted.state, restarted.mailbox_depth, restarted.restarts) == ("running", 0, 1)


def test_an_actor_that_has_ended_is_gone_and_may_come_back(stage: Stage) -> None:
    stage.supervise(supervisor("inner", []))
    inner = stage.ref("root/inner").cell.actor
    assert isinstance(inner, Supervisor)
    watch = TreeWatch(stage.system, 100)
    look(watch)

    inner.start_child(stage.puppet("a"))
    stage.run()
    assert "root/inner/a" in look(watch)[0]
    inner.stop_child("a")
    stage.run()
    assert look(watch)[1] == ["root/inner/a"]
    inner.start_child(stage.puppet("a"))
    stage.run()
    seen, gone = look(watch)
    assert "root/inner/a" in seen
    assert gone == []


def test_of_many_each_supervisor_has_its_share_and_comes_first(stage: Stage) -> None:
    left = supervisor("left", [stage.puppet(f"l{number}") for number in range(50)])
    right = supervisor("right", [stage.puppet(f"r{number}") for number in range(3)])
    stage.supervise(left, right)
    watch = TreeWatch(stage.system, 10)

    seen, _ = look(watch)

    assert [path.removeprefix("root/") for path in seen] == [
        "root", "left", "right",
        "left/l0", "right/r0", "left/l1", "right/r1", "left/l2", "right/r2", "left/l3",
    ]  # fmt: skip
    assert watch.is_truncated
    assert not TreeWatch(stage.system, 56).is_truncated


def test_a_look_at_twenty_thousand_actors_holds_nobody_up(stage: Stage) -> None:
    names = [stage.puppet(f"p{number}") for number in range(20_000)]
    stage.supervise(supervisor("many", names))
    watch = TreeWatch(stage.system, 2_000)
    look(watch)
    stage.read()
    for number in range(2_000):
        stage.ref(f"root/many/p{number}").tell(Do(lambda _: None))
    stage.advance(seconds=1)
    pieces = watch.look()
    longest = 0.0
    changed = 0
    while True:
        begun = time.thread_time()
        piece = next(pieces, None)
        longest = max(longest, time.thread_time() - begun)
        if piece is None:
            break
        changed += len(piece.seen)

    assert changed >= 1_900
    assert longest < 0.02  # of this thread, whatever else the machine does
    assert watch.is_truncated


@pytest.mark.parametrize("most", [1, 2])
def test_the_root_is_always_there(stage: Stage, most: int) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"))

    assert len(look(TreeWatch(stage.system, most))[0]) == most
