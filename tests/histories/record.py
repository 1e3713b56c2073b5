"""Records executions in the middle of things, by the code that is imported: `python record.py FILE.sql`.

Run with a checkout's `build/tree` and this one's `tests/support` on PYTHONPATH, in this order. What is in
the file: order 1 waits to be approved, order 2 for its second attempt to ship, order 3 has ended, order 4
is within the step `pack` when the process dies, and order 5 waits for its turn behind that.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from recorded_deliveries import AS_RECORDED, delivery

from quarterjack.runtime.testing import VirtualRuntime

DYING = 4


def record(target: Path) -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "q.db"

        def pack(number: int) -> None:
            if number == DYING:
                with closing(sqlite3.connect(path)) as database:
                    text = "\n".join(database.iterdump())
                    version = database.execute("PRAGMA user_version").fetchone()[0]
                target.write_text(f"PRAGMA user_version = {version};\n{text}\n", encoding="utf-8")

        flow = delivery([], pack, AS_RECORDED)
        with VirtualRuntime(f"sqlite:///{path}", workflows=[flow], seed=1) as runtime:
            for number in (1, 2, 3):
                runtime.run("delivery", params={"number": number}).get()
                runtime.settle()
            runtime.send_event("approved", key="3").get()
            runtime.advance("2h")
            runtime.send_event("approved", key="2").get()
            runtime.settle()
            for number in (DYING, DYING + 1):
                runtime.run("delivery", params={"number": number})
            runtime.settle()


if __name__ == "__main__":
    record(Path(sys.argv[1]))
