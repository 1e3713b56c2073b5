"""A process whose writes or syncs of a write-ahead log fail when a test says so, as on a bad disk."""

import mmap
import shutil
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

SOURCE = Path(__file__).with_suffix(".c")
COMPILER = shutil.which("gcc")


class FailingFiles:
    """Use as a context manager, and give `environment` to the process."""

    def __init__(self, folder: Path) -> None:
        self._library, self._counters = folder / "failing_files.so", folder / "failing_files"

    def __enter__(self) -> Self:
        assert COMPILER is not None
        subprocess.run(
            [COMPILER, "-shared", "-fPIC", "-O1", "-o", self._library, SOURCE, "-ldl"], check=True
        )
        self._counters.write_bytes(bytes(16))
        with self._counters.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 16)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._map.close()

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "FAILING_FILES": str(self._counters)}

    def fail_syncs(self, count: int, after: int = 0) -> None:
        """Let so many syncs fail, after some that don't."""
        struct.pack_into("ii", self._map, 0, after, count)

    def fail_writes(self, count: int, after: int = 0) -> None:
        """The same for writes."""
        struct.pack_into("ii", self._map, 8, after, count)

    @property
    def left(self) -> tuple[int, int]:
        """The syncs and writes that have still to fail."""
        _, syncs, _, writes = struct.unpack_from("iiii", self._map, 0)
        return syncs, writes
