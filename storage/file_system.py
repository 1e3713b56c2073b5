"""On what kind of file system a file lies: SQLite's WAL needs memory that all its users share, which none has
over a network."""

import os
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORKED: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "9p",
        "ceph",
        "glusterfs",
        "lustre",
        "gfs2",
        "ocfs2",
    }
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.juicefs"}
)


def network_of(file: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of network file system that the file lies on; None: on none, or it can't be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    folder, found, longest = file.resolve().parent, None, -1
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = Path(_plain(fields[4]))
        if folder.is_relative_to(point) and len(point.parts) >= longest:  # the last one is on top
            longest, found = len(point.parts), after.split()[0]
    return found if found in _NETWORKED else None


def is_read_only(file: Path) -> bool:
    """Whether nobody can write where the file lies."""
    return bool(os.statvfs(file.resolve().parent).f_flag & os.ST_RDONLY)


def _plain(field: str) -> str:
    """Without the escapes of spaces and the like."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(escape, character)
    return field
