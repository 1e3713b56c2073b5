"""Alarms: never early, each once, replaced ones not at all."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Stage

from quarterjack.actors.alarm_clock import AlarmClock
from quarterjack.actors.cast_member import CastMember
from quarterjack.actors.engine import ChildSpec, handles


class Look:
    """Told when an alarm may ring."""


class Sleeper(CastMember):
    """Notes what rings, and when."""

    def __init__(self, longest_sleep: timedelta | None) -> None:
        class Bounded:
            pass

        Bounded.longest_sleep = longest_sleep  # type: ignore[attr-defined]
        super().__init__(Bounded())  # type: ignore[arg-type]
        self.alarms: AlarmClock[str] = AlarmClock(self, Look())
        self.rang: list[tuple[str, datetime]] = []
        self.looks = 0

    @handles(Look)
    def look(self, _: Look) -> None:
        self.looks += 1
        self.rang.extend((key, self.clock.now()) for _, key in self.alarms.due())
        self.alarms.wind()


class Bedroom:
    """A sleeper on virtual time."""

    def __init__(self, longest_sleep: timedelta | None = None) -> None:
        self.stage = Stage()
        ref = self.stage.start(ChildSpec("sleeper", lambda: Sleeper(longest_sleep)))
        assert isinstance(ref.cell.actor, Sleeper)
        self.sleeper = ref.cell.actor
        self.alarms = self.sleeper.alarms
        self.began = self.stage.clock.now()

    def at(self, seconds: float) -> datetime:
        return self.began + timedelta(seconds=seconds)

    def set(self, key: str, seconds: float) -> None:
        self.alarms.set(key, self.at(seconds))

    def rang(self) -> list[tuple[str, float]]:
        return [(key, (at - self.began).total_seconds()) for key, at in self.sleeper.rang]


@pytest.fixture
def room() -> Bedroom:
    return Bedroom()


def test_each_rings_once_at_its_instant(room: Bedroom) -> None:
    for key, seconds in (("c", 30), ("a", 10), ("b", 20), ("a, too", 10)):
        room.set(key, seconds)
    room.stage.advance(hours=1)

    assert room.rang() == [("a", 10), ("a, too", 10), ("b", 20), ("c", 30)]


def test_one_that_is_set_again_rings_at_its_new_instant_only(room: Bedroom) -> None:
    room.set("later", 10)
    room.set("sooner", 30)
    room.set("later", 40)
    room.set("sooner", 20)
    room.stage.advance(hours=1)

    assert room.rang() == [("sooner", 20), ("later", 40)]


def test_one_that_is_cleared_does_not_ring(room: Bedroom) -> None:
    room.set("a", 10)
    room.set("b", 20)
    room.alarms.clear("a")
    room.alarms.clear("nobody")
    room.stage.advance(hours=1)

    assert room.rang() == [("b", 20)]


def test_after_a_stop_nothing_rings(room: Bedroom) -> None:
    room.set("a", 10)
    room.alarms.stop()
    room.set("b", 5)
    room.stage.advance(hours=1)

    assert room.rang() == []
    assert room.stage.clock.next_timer() is None


@pytest.mark.parametrize(("jump", "rings_at"), [(3_600, [60]), (-3_600, [7_210])])
def test_a_jump_of_the_wall_clock_is_noticed_within_the_longest_sleep(
    jump: int, rings_at: list[int]
) -> None:
    room = Bedroom(longest_sleep=timedelta(seconds=60))
    room.set("a", 3_610)
    room.stage.clock.jump(timedelta(seconds=jump))
    room.stage.advance(seconds=7_300)

    monotonic = [seconds - jump for _, seconds in room.rang()]
    assert monotonic == rings_at


def test_replaced_alarms_are_cleared_away(room: Bedroom) -> None:
    room.set("last", 1_000_000)
    for number in range(10_000):
        room.set("again", 100_000 + number)

    assert len(room.alarms._heap) < 100
    room.stage.advance(seconds=2_000_000)
    assert room.rang() == [("again", 109_999), ("last", 1_000_000)]


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.one_of(st.none(), st.integers(0, 100)))),
    st.sampled_from([None, timedelta(seconds=7)]),
)
@settings(max_examples=50, deadline=None, database=None)
def test_the_last_word_for_each_key_counts(
    orders: list[tuple[str, int | None]], longest_sleep: timedelta | None
) -> None:
    room = Bedroom(longest_sleep)
    for key, seconds in orders:
        if seconds is None:
            room.alarms.clear(key)
        else:
            room.set(key, seconds)
    room.stage.advance(seconds=200)

    last = dict(orders)
    expected = sorted((at, key) for key, at in last.items() if at is not None)
    assert sorted((at, key) for key, at in room.rang()) == expected
