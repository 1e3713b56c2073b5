"""The last of what was written: bounded, by lines, with honest counting."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from quarterjack.runtime.output_tail import KEPT, OutputTail
from quarterjack.storage.instants import EPOCH, to_micros
from quarterjack.storage.plain_data import unpack

NOW = EPOCH + timedelta(days=20_000)


def _kept(tail: OutputTail) -> dict[str, Any]:
    packed = tail.pack()
    assert packed is not None
    found: dict[str, Any] = unpack(packed)
    return found


def _texts(tail: OutputTail) -> list[str]:
    return [line[-1] for line in _kept(tail)["lines"]]


def test_nothing_written_is_nothing_kept() -> None:
    assert OutputTail().pack() is None


def test_pieces_of_a_line_become_one_line() -> None:
    tail = OutputTail()
    for at, stream, text in [
        (1, "stdout", "a"),
        (2, "stderr", "oh"),
        (3, "stdout", "b\nc\nd"),
        (4, "stderr", "!\n"),
    ]:
        tail.add(EPOCH + timedelta(seconds=at), stream, text)

    assert [(line[0] // 1_000_000, line[1], line[4]) for line in _kept(tail)["lines"]] == [
        (3, "stdout", "ab"),
        (3, "stdout", "c"),
        (4, "stderr", "oh!"),
        (4, "stdout", "d"),
    ]


def test_records_of_the_log_keep_their_lines_together() -> None:
    tail = OutputTail()
    tail.add(EPOCH, "log", "two\nlines", "ERROR", "quarterjack.step")

    assert _kept(tail)["lines"] == [
        [to_micros(EPOCH), "log", "ERROR", "quarterjack.step", "two\nlines"]
    ]


def test_old_lines_make_room_and_are_counted() -> None:
    tail = OutputTail()
    for number in range(100_000):
        tail.add(EPOCH, "stdout", f"{number:09}\n")
    found = _kept(tail)

    assert found["lines"][-1][-1] == "000099999"
    assert found["dropped"] + 10 * len(found["lines"]) == 1_000_000
    assert len(found["lines"]) == KEPT // 10


def test_a_line_without_an_end_stays_within_the_bound() -> None:
    tail = OutputTail()
    for _ in range(1_000):
        tail.add(EPOCH, "stdout", "é" * 10_000)

    assert sum(len(text.encode()) for text in _texts(tail)) <= KEPT + KEPT // 2
    assert _kept(tail)["dropped"] > 19_000_000


def test_however_short_the_lines_are_all_can_be_kept() -> None:
    tail = OutputTail()
    tail.add(NOW, "stdout", "\n" * 100_000)

    assert len(_kept(tail)["lines"]) == KEPT


def test_long_names_of_loggers_count() -> None:
    tail = OutputTail()
    for _ in range(100):
        tail.add(NOW, "log", "", "\ud800" * 10_000, "n" * 10_000)

    assert len(_kept(tail)["lines"]) == 100
    for _ in range(1_000):
        tail.add(NOW, "log", "", "INFO", "n" * 10_000)
    assert len(_kept(tail)["lines"]) == KEPT // 205


def test_what_was_not_looked_at_is_counted() -> None:
    tail = OutputTail()
    tail.add(NOW, "stdout", "before")
    tail.skip(NOW, "stdout", 1_000_000)
    tail.add(NOW, "stdout", "after")

    assert _texts(tail) == ["before", "… 1,000,000 bytes left out …", "after"]
    assert _kept(tail)["dropped"] == 1_000_000


@given(st.lists(st.text(st.characters(codec=None), max_size=200), max_size=50))
def test_any_text_can_be_kept(texts: list[str]) -> None:
    tail = OutputTail()
    for text in texts:
        tail.add(EPOCH, "stdout", text)
        tail.add(EPOCH, "log", text)

    packed = tail.pack()
    assert packed is None or len(packed) < 2 * KEPT
