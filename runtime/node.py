"""A process that serves a database: who it is, where, and since when."""

import importlib.metadata
import os
import socket
from dataclasses import dataclass, field
from datetime import datetime

from quarterjack.storage import BootId


def _version() -> str:
    return importlib.metadata.version("quarterjack")


@dataclass(frozen=True, slots=True)
class Node:
    """One run of a server or of an embedding program; its executions carry its boot id."""

    boot_id: BootId
    started_at: datetime
    host: str = field(default_factory=socket.gethostname)
    process_id: int = field(default_factory=os.getpid)
    version: str = field(default_factory=_version)
