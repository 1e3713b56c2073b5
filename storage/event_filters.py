"""What a schedule wants of an event's payload: field → value, or a list of which one must be equal.

    {"region": "eu", "order.status": ["paid", "sent"]}

A field is a name, or several with dots between them that lead into maps of maps.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from .plain_data import PlainData

_MOST_FIELDS: Final = 20
_MOST_VALUES: Final = 100
_LONGEST_PATH: Final = 200
_LONGEST_TEXT: Final = 1_000
Scalar = str | int | float | bool | None


def matches(wanted: Mapping[str, Any] | None, payload: PlainData) -> bool:
    """Whether a payload has every field that is wanted, with one of its values.

    >>> matches({"order.status": ["paid", "sent"]}, {"order": {"status": "sent"}})
    True
    >>> matches({"region": "eu"}, {"region": "us"}), matches({"region": None}, {})
    (False, False)
    """
    return all(_has(payload, path, values) for path, values in (wanted or {}).items())


def _has(payload: PlainData, path: str, values: Any) -> bool:
    for name in path.split("."):
        if not isinstance(payload, dict) or name not in payload:
            return False
        payload = payload[name]
    return any(_equal(payload, each) for each in (values if isinstance(values, list) else [values]))


def _equal(found: PlainData, wanted: Scalar) -> bool:
    """As in JSON: `1` is `1.0`, but neither is `true`."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return bool(found == wanted)


def _checked(given: object) -> object:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ValueError('write a map of fields and values, such as {"region": "eu"}')
    if not 1 <= len(given) <= _MOST_FIELDS:
        raise ValueError(f"it has 1 to {_MOST_FIELDS} fields")
    return {_checked_path(path): _checked_values(path, given[path]) for path in given}


def _checked_path(path: object) -> str:
    if not isinstance(path, str) or len(path) > _LONGEST_PATH or not all(path.split(".")):
        raise ValueError(
            f"{path!r:.60} is no field; write a name, or names with dots between them, at most "
            f"{_LONGEST_PATH} characters"
        )
    return path


def _checked_values(path: str, given: object) -> object:
    values = list(given) if isinstance(given, list | tuple) else [given]
    if not 1 <= len(values) <= _MOST_VALUES:
        raise ValueError(f"{path}: give a value, or a list of 1 to {_MOST_VALUES} of them")
    for value in values:
        if not _is_scalar(value):
            raise ValueError(
                f"{path}: {value!r:.60} can't be compared; give text (at most {_LONGEST_TEXT} "
                "characters), a number of 64 bits, true, false or null"
            )
    return values if isinstance(given, list | tuple) else given


def _is_scalar(value: object) -> bool:
    match value:
        case None | bool():
            return True
        case str():
            return len(value) <= _LONGEST_TEXT
        case int():
            return -(2**63) <= value < 2**64
        case float():
            return math.isfinite(value)
    return False


EventFilter = Annotated[
    dict[str, Any] | None,
    BeforeValidator(_checked, json_schema_input_type=dict[str, Scalar | list[Scalar]] | None),
]
"""The type of the option, for models."""
