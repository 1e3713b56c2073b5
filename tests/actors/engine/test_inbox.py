"""Mailboxes: control first, the rest in order, and never more than there is room for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.engine.inbox import Mailbox


def drained(mailbox: Mailbox) -> list[object]:
    return list(iter(lambda: mailbox.take_control() or mailbox.take(), None))


def test_messages_are_taken_in_the_order_of_arrival() -> None:
    mailbox = Mailbox()
    for text in ("a", "b", "c"):
        mailbox.put(text)

    assert drained(mailbox) == ["a", "b", "c"]


def test_control_messages_overtake_the_others() -> None:
    mailbox = Mailbox()
    mailbox.put("a")
    mailbox.put_control("stop")
    mailbox.put("b")
    mailbox.put_control("pause")

    assert drained(mailbox) == ["stop", "pause", "a", "b"]


def test_a_full_mailbox_refuses_the_newest() -> None:
    mailbox = Mailbox(limit=2)

    assert [mailbox.put(text) for text in ("a", "b", "c")] == [True, True, False]
    assert drained(mailbox) == ["a", "b"]


def test_a_full_mailbox_takes_control_messages() -> None:
    mailbox = Mailbox(limit=1)
    mailbox.put("a")
    mailbox.put_control("stop")

    assert len(mailbox) == 2
    assert mailbox.take_control() == "stop"


def test_what_is_put_back_comes_first_and_in_its_order() -> None:
    mailbox = Mailbox()
    mailbox.put("c")
    mailbox.put_back(["a", "b"])

    assert drained(mailbox) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("ordinary", "control", "expected"),
    [
        pytest.param([], [], (True, False, False), id="nothing"),
        pytest.param(["a"], [], (False, False, True), id="ordinary"),
        pytest.param([], ["stop"], (False, True, False), id="control"),
        pytest.param(["a"], ["stop"], (False, True, True), id="both"),
    ],
)
def test_what_waits_can_be_asked(
    ordinary: list[str], control: list[str], expected: tuple[bool, bool, bool]
) -> None:
    mailbox = Mailbox()
    mailbox.put_back(ordinary)
    for text in control:
        mailbox.put_control(text)

    assert (mailbox.empty(), mailbox.has_control(), mailbox.has_ordinary()) == expected


@given(
    limit=st.integers(1, 5),
    sent=st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=30),
)
@settings(max_examples=50, deadline=None, database=None)
def test_never_more_ordinary_messages_wait_than_the_limit(
    limit: int, sent: list[tuple[bool, int]]
) -> None:
    mailbox = Mailbox(limit)
    control = [number for urgent, number in sent if urgent]
    ordinary = [number for urgent, number in sent if not urgent]
    for number in control:
        mailbox.put_control(number)
    for number in ordinary:
        mailbox.put(number)

    assert len(mailbox) == len(control) + min(limit, len(ordinary))
    assert drained(mailbox) == control + ordinary[:limit]
