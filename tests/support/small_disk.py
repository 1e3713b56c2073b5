"""A file system of a few megabytes that only one process and its children see, and that a test fills up."""

import errno
import os
import subprocess
from pathlib import Path


def may_mount() -> bool:
    """Whether this machine lets us have file systems of our own."""
    try:
        made = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return made.returncode == 0


class SmallDisk:
    """At `folder`, for the command that is begun with `before`."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir()
        line = f'mount -t tmpfs -o size={megabytes}m tmpfs "$0" && exec "$@"'
        self.before = ("unshare", "-m", "sh", "-c", line, str(folder))

    def fill(self, pid: int) -> None:
        """Leave no room, seen from that process."""
        ballast = self._inside(pid) / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4_096))
            except OSError as error:
                assert error.errno == errno.ENOSPC, error

    def make_room(self, pid: int) -> None:
        """Take away again what fills it."""
        (self._inside(pid) / "ballast").unlink()

    def free(self, pid: int) -> int:
        """Bytes."""
        found = os.statvfs(self._inside(pid))
        return found.f_bavail * found.f_frsize

    def _inside(self, pid: int) -> Path:
        return Path(f"/proc/{pid}/root{self.folder}")
