"""The server's end of a worker's pipes, read when the watch says so."""

import os
from collections.abc import Callable, Iterator

import pytest

from quarterjack.runtime.output_tail import OutputTail
from quarterjack.runtime.runners.watch import Watch
from quarterjack.runtime.runners.worker_output import OutputPipe
from quarterjack.storage.instants import EPOCH
from quarterjack.storage.plain_data import unpack


class HandWatch(Watch):
    """Calls back when the test does."""

    def __init__(self) -> None:
        self.reads: dict[int, Callable[[], None]] = {}

    def add(self, file: int, callback: Callable[[], None], *, write: bool = False) -> None:  # noqa: ARG002
        self.reads[file] = callback

    def remove(self, file: int) -> None:
        self.reads.pop(file, None)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for file in (reader, writer):
        try:
            os.close(file)
        except OSError:
            continue


def test_a_pipe_that_was_emptied_a_moment_ago_is_still_read_later(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    watch, tail = HandWatch(), OutputTail()
    output = OutputPipe(reader, "stdout", watch, lambda: EPOCH)
    output.open()
    os.write(writer, b"of the one before\n")
    output.drain()  # its end was heard in the same round, before the pipe's turn came

    watch.reads[reader]()
    output.tail = tail
    os.write(writer, b"a line\n")
    watch.reads[reader]()

    packed = tail.pack()
    assert packed is not None
    assert [line[-1] for line in unpack(packed)["lines"]] == ["a line"]


def test_a_pipe_whose_worker_has_ended_is_not_read_any_more(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    watch = HandWatch()
    OutputPipe(reader, "stdout", watch, lambda: EPOCH).open()
    os.close(writer)

    watch.reads[reader]()

    assert watch.reads == {}
