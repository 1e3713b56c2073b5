"""Parameters as they are typed: all of them as JSON or a file of it, and single ones as `name=value`.

A single value is read as JSON if it is JSON (`3`, `true`, `[1, 2]`), and is text else. Pure, but for
the file.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click

from quarterjack.storage import InvalidInput

from ... import json_text
from ...errors import NotJson

_FILE: Final = "@"
_STANDARD_INPUT: Final = "-"


class JsonType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A JSON text, or `@FILE` that has one (`@-`: standard input)."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value  # from a file of options
        try:
            return json_text.load(_raw(value))
        except OSError as error:
            self.fail(f"{value[1:]}: {error.strerror or error}", param, ctx)
        except (NotJson, InvalidInput) as error:
            self.fail(str(error), param, ctx)


class JsonObjectType(JsonType):
    """The same, of an object."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        if not isinstance(found, dict):
            self.fail('that is no JSON object, such as {"region": "eu"}', param, ctx)
        return found


class PairType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """`name=value`, as a pair of them."""

    name = "pair"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        name, sign, text = value.partition("=")
        if not sign or not name:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, single(text)


def single(text: str) -> Any:
    """What a value means.

    >>> single("3"), single("eu"), single('"3"'), single("[1, 2]"), single("")
    (3, 'eu', '3', [1, 2], '')
    """
    try:
        return json_text.load(text.encode())
    except (NotJson, InvalidInput, UnicodeEncodeError):
        return text


def together(whole: dict[str, Any] | None, single: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """All of them; a single one replaces what the object has by that name.

    >>> together({"region": "eu", "rows": 3}, [("rows", 4)])
    {'region': 'eu', 'rows': 4}
    """
    return {**(whole or {}), **dict(single)}


def _raw(value: str) -> bytes:
    if not value.startswith(_FILE):
        return value.encode("utf-8", "surrogateescape")
    name = value.removeprefix(_FILE)
    if name == _STANDARD_INPUT:
        return sys.stdin.buffer.read()
    return Path(name).read_bytes()
