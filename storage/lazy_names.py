"""Names of a package that are loaded when they are first used: who needs one of them does not load all.

What a package's `__init__` imports under `TYPE_CHECKING` is what type checkers and editors see; its
table says the same to this module, and a test compares the two.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, table: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The package's `__getattr__` and `__dir__` (PEP 562); the table has the names in each module."""
    place = {name: module for module, names in table.items() for name in names.split()}

    def found(name: str) -> Any:
        if name not in place:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(place[name], package), name)
        setattr(sys.modules[package], name, value)  # the next time it is not asked for
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *place})

    return found, listed
