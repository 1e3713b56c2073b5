"""What the outside sees of a runtime, and the client of it: `from quarterjack.http import Client`.

The folder stands in the repository's root, where `import http` meets it before the standard library's
package: under that name it gives way to the one that comes later on `sys.path`. Names are loaded when
they are first used, so that a server loads no client.
"""

import importlib.util
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import (
        Client,
        ClientClosed,
        EventStream,
        Forbidden,
        NoAnswer,
        NoServer,
        NotAQuarterjackServer,
        Refused,
        ServerBusy,
        ServerUnreachable,
        StateStream,
        SubscriptionRefused,
        Unauthorized,
    )

__all__ = [
    "Client",
    "ClientClosed",
    "EventStream",
    "Forbidden",
    "NoAnswer",
    "NoServer",
    "NotAQuarterjackServer",
    "Refused",
    "ServerBusy",
    "ServerUnreachable",
    "StateStream",
    "SubscriptionRefused",
    "Unauthorized",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(".client", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _is_here(entry: str) -> bool:
    """Whether that entry of `sys.path` leads to this file."""
    from pathlib import Path

    try:
        return Path(entry, "http", "__init__.py").samefile(__file__)
    except OSError:
        return False


def _give_way() -> None:
    """Have `http` stand for the package that is found after this one."""
    last = max((at for at, entry in enumerate(sys.path) if _is_here(entry)), default=-1)
    spec = PathFinder.find_spec("http", sys.path[last + 1 :])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("there is no standard package http on sys.path", name="http")
    standard = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(standard)
    # Other threads that import it at this moment wait for this module, and keep it: it is a twin then.
    globals().update(vars(standard))
    sys.modules["http"] = standard


if __name__ == "http":
    _give_way()
