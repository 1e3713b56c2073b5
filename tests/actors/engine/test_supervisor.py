"""Supervisors: who is restarted, in which order, how often, and what happens when that is too much."""

from datetime import timedelta

import pytest
from pykka.messages import ProxyCall
from stage import Do, Note, Puppet, Stage, crash, supervisor

from quarterjack.actors.engine import (
    Backoff,
    ChildSpec,
    EngineError,
    Intensity,
    Restart,
    Strategy,
    Supervisor,
)

ONE, ALL, REST = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE
PERMANENT, TRANSIENT, TEMPORARY = Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY
CRASH = crash(LookupError("nothing there"))
STOP = Do(lambda puppet: puppet.stop())
PATIENT = Intensity(1_000, timedelta(seconds=5))


@pytest.mark.parametrize(
    ("strategy", "restart", "end", "told"),
    [
        pytest.param(ONE, PERMANENT, CRASH, "fail b, start b", id="one-permanent-crash"),
        pytest.param(ONE, TRANSIENT, CRASH, "fail b, start b", id="one-transient-crash"),
        pytest.param(ONE, TEMPORARY, CRASH, "fail b", id="one-temporary-crash"),
        pytest.param(ONE, PERMANENT, STOP, "stop b, start b", id="one-permanent-stop"),
        pytest.param(ONE, TRANSIENT, STOP, "stop b", id="one-transient-stop"),
        pytest.param(ONE, TEMPORARY, STOP, "stop b", id="one-temporary-stop"),
        pytest.param(
            *(ALL, PERMANENT, CRASH, "fail b, stop c, stop a, start a, start b, start c"),
            id="all-permanent-crash",
        ),
        pytest.param(
            *(ALL, TRANSIENT, CRASH, "fail b, stop c, stop a, start a, start b, start c"),
            id="all-transient-crash",
        ),
        pytest.param(ALL, TEMPORARY, CRASH, "fail b", id="all-temporary-crash"),
        pytest.param(
            *(ALL, PERMANENT, STOP, "stop b, stop c, stop a, start a, start b, start c"),
            id="all-permanent-stop",
        ),
        pytest.param(ALL, TRANSIENT, STOP, "stop b", id="all-transient-stop"),
        pytest.param(ALL, TEMPORARY, STOP, "stop b", id="all-temporary-stop"),
        pytest.param(
            *(REST, PERMANENT, CRASH, "fail b, stop c, start b, start c"),
            id="rest-permanent-crash",
        ),
        pytest.param(
            *(REST, TRANSIENT, CRASH, "fail b, stop c, start b, start c"),
            id="rest-transient-crash",
        ),
        pytest.param(REST, TEMPORARY, CRASH, "fail b", id="rest-temporary-crash"),
        pytest.param(
            REST, PERMANENT, STOP, "stop b, stop c, start b, start c", id="rest-permanent-stop"
        ),
        pytest.param(REST, TRANSIENT, STOP, "stop b", id="rest-transient-stop"),
        pytest.param(REST, TEMPORARY, STOP, "stop b", id="rest-temporary-stop"),
    ],
)
def test_the_strategy_says_who_is_started_again(
    stage: Stage, strategy: Strategy, restart: Restart, end: Do, told: str
) -> None:
    children = [stage.puppet("a"), stage.puppet("b", restart=restart), stage.puppet("c")]
    stage.supervise(*children, strategy=strategy)
    stage.read()

    stage.tell("root/b", end)
    stage.advance(seconds=1)

    assert ", ".join(stage.read()) == told


def test_children_start_in_order_and_stop_in_reverse(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"), stage.puppet("b"), stage.puppet("c"))
    stage.system.stop(root)
    stage.run()

    assert stage.read() == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]
    assert stage.paths() == []
    assert stage.clock.next_timer() is None


@pytest.mark.parametrize("end", [pytest.param(CRASH, id="crash"), pytest.param(STOP, id="stop")])
def test_the_order_of_children_outlives_a_restart(stage: Stage, end: Do) -> None:
    root = stage.supervise(stage.puppet("a"), stage.puppet("b"), stage.puppet("c"))
    stage.tell("root/a", end)
    stage.advance(seconds=1)
    stage.read()

    stage.system.stop(root)
    stage.run()

    assert stage.read() == ["stop c", "stop b", "stop a"]


@pytest.mark.parametrize("strategy", [ALL, REST])
def test_a_temporary_sibling_ends_with_the_others_and_stays_away(
    stage: Stage, strategy: Strategy
) -> None:
    stage.supervise(
        stage.puppet("a"),
        stage.puppet("b", restart=TEMPORARY),
        stage.puppet("c"),
        strategy=strategy,
    )
    stage.read()

    stage.tell("root/a", CRASH)
    stage.advance(seconds=1)

    assert stage.read() == ["fail a", "stop c", "stop b", "start a", "start c"]
    assert stage.paths() == ["root", "root/a", "root/c"]


def test_messages_that_wait_outlive_a_crash(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    ref = stage.ref("root/a")
    stage.read()

    stage.tell("root/a", CRASH, Note("first"), Note("second"))
    stage.advance(seconds=1)

    assert stage.read() == ["fail a", "start a", "a: first", "a: second"]
    assert ref.ask(Note("same address"), block=True) == "same address"


def test_a_crash_leaves_the_neighbours_alone(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), stage.puppet("b"))
    stage.tell("root/a", CRASH)

    assert stage.ref("root/b").ask(Note("here"), block=True) == "here"
    assert stage.info("root/b").restarts == 0


def test_the_wait_before_restarts_grows_up_to_the_longest(stage: Stage) -> None:
    starts: list[float] = []
    backoff = Backoff(timedelta(seconds=1), factor=3, longest=timedelta(seconds=5))

    def fall() -> None:
        starts.append(stage.clock.monotonic())
        raise OSError("no such device")

    spec = ChildSpec("a", fall, backoff=backoff)
    stage.supervise(spec, intensity=Intensity(4, timedelta(minutes=1)))
    stage.advance(minutes=2)

    assert starts == [0, 1, 4, 9, 14]


def test_the_supervisors_backoff_holds_for_children_without_one(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), backoff=Backoff(timedelta(seconds=10)))
    stage.tell("root/a", CRASH)

    stage.advance(seconds=9.9)
    before = stage.info("root/a").state
    stage.advance(seconds=0.1)

    assert (before, stage.info("root/a").state) == ("restarting", "running")


def test_the_wait_is_short_again_after_a_quiet_period(stage: Stage) -> None:
    backoff = Backoff(timedelta(seconds=1), factor=10)
    stage.supervise(
        stage.puppet("a"), backoff=backoff, intensity=Intensity(5, timedelta(seconds=20))
    )
    stage.tell("root/a", CRASH)
    stage.advance(seconds=1)
    stage.tell("root/a", CRASH)
    stage.advance(seconds=10)

    stage.advance(seconds=21)
    stage.tell("root/a", CRASH)
    stage.advance(seconds=1)

    assert stage.info("root/a").state == "running"
    assert stage.info("root/a").restarts == 3


def test_restarts_within_the_intensity_are_no_failure(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"), intensity=Intensity(2, timedelta(seconds=5)))
    stage.tell("root/a", CRASH)
    stage.advance(seconds=1)
    stage.tell("root/a", CRASH)
    stage.advance(seconds=1)

    assert stage.info("root/a").restarts == 2
    assert stage.info("root").state == "running"


def test_too_many_restarts_end_all_children_and_fail_the_root(stage: Stage) -> None:
    failures: list[BaseException] = []
    stage.system.on_root_failure(failures.append)
    stage.supervise(stage.puppet("a"), stage.puppet("b"), stage.puppet("c"))
    stage.tell("root/b", CRASH)
    stage.advance(seconds=1)
    stage.read()

    stage.tell("root/b", CRASH)
    stage.advance(hours=1)

    assert stage.read() == ["fail b", "stop c", "stop a"]
    assert [str(failure).partition(" within")[0] for failure in failures] == [
        "root/b was restarted more than 1 times"
    ]
    assert "LookupError('nothing there')" in str(failures[0])
    assert isinstance(failures[0].__cause__, LookupError)


def test_a_supervisor_that_gives_up_is_restarted_by_its_own(stage: Stage) -> None:
    inner = supervisor(
        "inner", [stage.puppet("a"), stage.puppet("b")], intensity=Intensity(0, timedelta(1))
    )
    stage.supervise(inner, stage.puppet("z"))
    stage.read()

    stage.tell("root/inner/b", CRASH)
    stage.advance(seconds=1)

    assert stage.read() == ["fail b", "stop a", "start a", "start b"]
    assert stage.info("root/inner").restarts == 1
    assert "root/inner/b was restarted" in str(stage.info("root/inner").last_error)


def test_a_failure_climbs_until_the_root_gives_up(stage: Stage) -> None:
    failures: list[BaseException] = []
    stage.system.on_root_failure(failures.append)
    never = Intensity(0, timedelta(seconds=5))
    inner = supervisor("inner", [stage.puppet("a")], intensity=never)
    stage.supervise(stage.puppet("z"), inner, intensity=never)
    stage.read()

    stage.tell("root/inner/a", CRASH)

    assert stage.read() == ["fail a", "stop z"]
    assert str(failures[0]).startswith("root/inner was restarted more than 0 times")


def test_a_root_that_gave_up_can_still_be_stopped(stage: Stage) -> None:
    stopped: list[str] = []
    inner = supervisor("inner", [stage.puppet("a")])
    root = stage.supervise(inner, stage.puppet("b"), intensity=Intensity(0, timedelta(1)))
    stage.tell("root/b", CRASH)

    stage.system.on_stopped(lambda: stopped.append("all"))
    stage.system.stop(root)
    stage.run()

    assert stopped == ["all"]
    assert stage.paths() == []


def test_a_supervisor_that_is_suspended_takes_its_children_with_it(stage: Stage) -> None:
    inner = supervisor("inner", [stage.puppet("a"), stage.puppet("b")])
    stage.supervise(stage.puppet("z"), inner, strategy=ALL)
    stage.read()

    stage.tell("root/z", CRASH)
    stage.advance(seconds=1)

    assert stage.read() == ["fail z", "stop b", "stop a", "start z", "start a", "start b"]


def test_a_permanent_child_that_stops_too_often_fails_its_supervisor(stage: Stage) -> None:
    failures: list[BaseException] = []
    stage.system.on_root_failure(failures.append)
    stage.supervise(stage.puppet("a"))
    stage.tell("root/a", STOP)
    stage.advance(seconds=1)
    stage.tell("root/a", STOP)
    stage.advance(seconds=1)

    assert "it stopped by itself" in str(failures[0])


def test_children_can_be_started_and_stopped_at_any_time(stage: Stage) -> None:
    stage.supervise(stage.puppet("a"))
    late = stage.puppet("late")
    stage.ref("root").proxy().start_child(late).get()
    started = stage.paths()
    stage.ref("root").proxy().stop_child("late").get()
    stage.ref("root").proxy().stop_child("never seen").get()
    stage.run()

    assert started == ["root", "root/a", "root/late"]
    assert stage.paths() == ["root", "root/a"]
    assert stage.read() == ["start a", "start late", "stop late"]


def test_a_child_that_was_stopped_for_good_stays_away(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"), intensity=PATIENT)
    stage.tell("root/a", CRASH)
    root.proxy().stop_child("a").get()
    stage.advance(hours=1)

    assert stage.read() == ["start a", "fail a"]
    assert stage.paths() == ["root"]


def test_a_child_can_be_replaced_at_once_by_one_of_its_id(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"))
    root.proxy().stop_child("a")
    root.proxy().start_child(stage.puppet("a")).get()
    stage.run()

    assert stage.read() == ["start a", "stop a", "start a"]
    assert stage.info("root").restarts == 0


def test_two_children_of_the_same_id_are_refused(stage: Stage) -> None:
    with pytest.raises(EngineError, match="two children of one supervisor have the same id"):
        Supervisor([stage.puppet("a"), stage.puppet("a")])


def test_a_supervisor_that_is_stopped_for_good_takes_its_children_with_it(stage: Stage) -> None:
    root = stage.supervise(supervisor("inner", [stage.puppet("a"), stage.puppet("b")]))
    root.proxy().stop_child("inner").get()
    stage.run()

    assert stage.read() == ["start a", "start b", "stop b", "stop a"]
    assert stage.paths() == ["root"]


def test_the_crash_of_a_child_that_is_gone_is_no_restart(stage: Stage) -> None:
    root = stage.supervise(stage.puppet("a"))
    stage.ref("root/a").tell(CRASH)
    root.tell_control(ProxyCall(attr_path=("stop_child",), args=("a",), kwargs={}))
    stage.advance(seconds=1)

    assert stage.read() == ["start a", "fail a"]
    assert stage.paths() == ["root"]


def test_a_supervisor_that_fails_at_its_start_starts_its_children_later(stage: Stage) -> None:
    errors = [OSError("no such device")]

    class Hesitant(Supervisor):
        """Fails as long as there are errors."""

        def on_start(self) -> None:
            if errors:
                raise errors.pop()
            super().on_start()

    stage.supervise(ChildSpec("inner", lambda: Hesitant([stage.puppet("a")])))
    stage.advance(seconds=1)

    assert stage.read() == ["start a"]


def test_a_child_that_stops_at_the_last_moment_is_not_left_behind(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    clock = stage.start(stage.puppet("clock"))

    class Slow(Puppet):
        """Stops when all its time has passed."""

        def on_stop(self) -> None:
            super().on_stop()
            clock.tell(Do(lambda _: stage.clock.leap()))

    root = stage.supervise(
        stage.puppet("a"), ChildSpec("b", lambda: Slow(stage.diary), shutdown=timedelta(seconds=3))
    )
    stage.read()
    stage.system.stop(root)
    stage.run()

    assert stage.clock.monotonic() == 3
    assert stage.read() == ["stop b", "stop a"]
    assert caplog.messages == []


def test_a_child_has_its_shutdown_time_and_no_more(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    root = stage.supervise(stage.puppet("a"), stage.puppet("stuck", shutdown=timedelta(seconds=20)))
    stuck = stage.ref("root/stuck").cell
    stuck.scheduled = True  # as one is whose thread is busy
    stage.read()
    stage.system.stop(root)
    stage.advance(seconds=19.9)
    before = (stage.read(), stage.paths())
    stage.advance(seconds=0.1)

    assert before == ([], ["root", "root/a", "root/stuck"])
    assert (stage.read(), stage.paths()) == (["stop a"], [])
    assert caplog.messages == ["root/stuck did not stop within 0:00:20; going on without it"]
