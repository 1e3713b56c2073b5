"""A change that spoils its batch, and a disk that fails just then: who was not written waits, as always."""

from quarterjack.actors.engine import Reply
from quarterjack.actors.messages import Commit
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage.statements import upsert
from quarterjack.storage.tables import FactRow
from quarterjack.storage.transaction import Transaction

_WRITE = upsert(FactRow)


class Write:
    """Writes a fact. One that `spoils` fails when it is first tried, and fills the disk when it is again."""

    def __init__(self, runtime: VirtualRuntime, name: str, *, spoils: bool = False) -> None:
        self.runtime = runtime
        self.name = name
        self.spoils = spoils
        self.tried = 0

    def apply(self, transaction: Transaction) -> str:
        transaction.write(_WRITE, {"name": self.name, "value": "written"})
        self.tried += 1
        if self.spoils and self.tried == 1:
            raise ZeroDivisionError
        if self.spoils and self.tried == 2:
            self.runtime.disk.trouble = "full"
        return self.name


def test_what_was_not_written_waits_for_the_disk() -> None:
    with VirtualRuntime() as runtime:
        state = runtime._running().cast.state
        changes = [
            Write(runtime, name, spoils=name == "second") for name in ("first", "second", "third")
        ]
        replies: list[Reply[str]] = [state.ask(Commit(change)) for change in changes]
        runtime.settle()

        assert [reply.done() for reply in replies] == [True, False, False]
        assert [change.tried for change in changes] == [2, 2, 0]

        runtime.disk.trouble = None
        runtime.advance("10s")
        assert [reply.get() for reply in replies] == ["first", "second", "third"]
