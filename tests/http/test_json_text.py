"""Strict JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.http import json_text
from quarterjack.http.errors import NotJson
from quarterjack.storage import InvalidInput

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
@settings(max_examples=60, deadline=None, database=None)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert json_text.load(json_text.dump(value)) == value


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None, database=None)
def test_any_bytes_are_read_or_refused_with_an_error_of_ours(raw: bytes) -> None:
    try:
        value = json_text.load(raw)
    except (NotJson, InvalidInput):
        return
    assert value == json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{'a': 1}", id="single quotes"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b"-Infinity", id="infinity"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param("\ufeff{}".encode(), id="byte order mark"),
    ],
)
def test_what_is_no_json(raw: bytes) -> None:
    with pytest.raises(NotJson):
        json_text.load(raw)


@pytest.mark.parametrize(
    ("raw", "loc"),
    [
        pytest.param(b'{"a": {"b": 1, "b": 2}}', ("a", "b"), id="doubled key"),
        pytest.param(b'{"a": ["\\udc00"]}', ("a", 0), id="lone surrogate"),
        pytest.param(b'{"a": {"\\udc00": 1}}', ("a",), id="lone surrogate in a name"),
        pytest.param(b'{"a": 18446744073709551616}', ("a",), id="beyond 64 bits"),
        pytest.param(b"9" * 5_000, (), id="beyond what is read"),
        pytest.param(b"[" * 70 + b"]" * 70, (0, 0, 0), id="too deep"),
        pytest.param(b"[" * 200_000, (), id="far too deep"),
    ],
)
def test_what_is_no_input_is_named(raw: bytes, loc: tuple[str | int, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        json_text.load(raw)
    assert refused.value.errors[0].loc == loc


def test_a_long_list_of_errors_is_cut() -> None:
    with pytest.raises(InvalidInput) as refused:
        json_text.load(b"[" + b",".join([b'"\\udc00"'] * 50) + b"]")
    assert len(refused.value.errors) == 20


def test_what_has_no_json_form_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="a set has no JSON form"):
        json_text.dump({"a": {1}})
