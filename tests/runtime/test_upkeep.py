"""What can wait is written together with what others write, as the last; alone when nobody writes."""

from datetime import timedelta

import pytest

from quarterjack.actors.engine import Reply
from quarterjack.actors.messages import Commit, Upkeep, UpkeepDone
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import InvalidInput, StorageUnavailable
from quarterjack.storage.statements import upsert
from quarterjack.storage.tables import FactRow
from quarterjack.storage.transaction import Transaction

_WRITE = upsert(FactRow)
PATIENT = timedelta(seconds=1)


class Write:
    """Writes a fact; it takes that many milliseconds of the runtime's clock."""

    def __init__(self, runtime: VirtualRuntime, log: list[str], name: str, takes: int = 0) -> None:
        self.runtime = runtime
        self.log = log
        self.name = name
        self.takes = timedelta(milliseconds=takes)

    def apply(self, transaction: Transaction) -> str:
        self.log.append(self.name)
        transaction.write(_WRITE, {"name": self.name, "value": "written"})
        self.runtime.clock.stall(self.takes)
        return self.name


class Refused:
    """A change that is refused."""

    def apply(self, _: Transaction) -> None:
        raise InvalidInput.field("keep", msg="no")


def test_it_waits_for_company_and_comes_last() -> None:
    with VirtualRuntime() as runtime:
        state, log = runtime._running().cast.state, list[str]()
        kept: Reply[UpkeepDone] = state.ask(Upkeep(Write(runtime, log, "upkeep", 3), PATIENT))
        runtime.settle()
        assert not kept.done()
        for name in ("first", "second"):
            state.ask(Commit(Write(runtime, log, name, 50)))
        runtime.settle()
        assert log == ["first", "second", "upkeep"]
        done = kept.get()
        assert (done.outcome, done.is_awaited) == ("upkeep", False)
        assert done.seconds == pytest.approx(0.003)


def test_without_company_it_is_written_alone() -> None:
    with VirtualRuntime() as runtime:
        state, log = runtime._running().cast.state, list[str]()
        kept: Reply[UpkeepDone] = state.ask(Upkeep(Write(runtime, log, "upkeep", 7), PATIENT))
        runtime.advance("0.9s")
        assert log == []
        runtime.advance("0.1s")
        assert kept.get().seconds == pytest.approx(0.007)


def test_a_refusal_is_told_to_whom_it_concerns() -> None:
    with VirtualRuntime() as runtime:
        state, log = runtime._running().cast.state, list[str]()
        refused: Reply[UpkeepDone] = state.ask(Upkeep(Refused(), PATIENT))
        written: Reply[str] = state.ask(Commit(Write(runtime, log, "mine")))
        runtime.settle()
        assert written.get() == "mine"
        with pytest.raises(InvalidInput):
            refused.get()


@pytest.mark.parametrize("event", ["crash", "full disk"])
def test_it_is_written_after_trouble_too(event: str) -> None:
    with VirtualRuntime() as runtime:
        state, log = runtime._running().cast.state, list[str]()
        kept: Reply[UpkeepDone] = state.ask(Upkeep(Write(runtime, log, "upkeep"), PATIENT))
        runtime.settle()
        if event == "crash":
            runtime.crash("state")
        else:
            runtime.disk.trouble = "full"
            runtime.advance("10s")
            assert not kept.done()
            runtime.disk.trouble = None
        runtime.advance("10s")
        assert kept.get().outcome == "upkeep"


def test_who_asks_for_pruning_while_nothing_is_written_is_told() -> None:
    with VirtualRuntime() as runtime:
        runtime.disk.trouble = "full"
        runtime._running().cast.state.ask(Commit(Write(runtime, [], "lost")))
        runtime.advance("1s")
        with pytest.raises(StorageUnavailable):
            runtime.prune(timedelta(days=1)).get()
