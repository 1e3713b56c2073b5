"""Cursors: opaque, bound to their list."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.http.paging import cursor_of, page_of, page_request
from quarterjack.http.query import PageQuery
from quarterjack.storage import InvalidInput
from quarterjack.storage.queries import Key, PageRequest


def _query(cursor: str) -> PageQuery:
    return PageQuery(limit=7, cursor=cursor)


@given(st.integers(-(2**61), 2**61), st.text(max_size=30))
@settings(max_examples=60, deadline=None, database=None)
def test_a_cursor_brings_back_its_key(number: int, text: str) -> None:
    cursor = cursor_of("things", (number, text))

    assert page_request(_query(cursor), "things", (int, str)) == PageRequest(7, (number, text))


@pytest.mark.parametrize(
    ("cursor", "shape"),
    [
        pytest.param(cursor_of("others", (1,)), (int,), id="of another list"),
        pytest.param(cursor_of("things", ("1",)), (int,), id="text for a number"),
        pytest.param(cursor_of("things", (1,)), (str,), id="number for text"),
        pytest.param(cursor_of("things", (True,)), (int,), id="a truth value"),
        pytest.param(cursor_of("things", (1, 2)), (int,), id="too many parts"),
        pytest.param(cursor_of("things", (2**63,)), (int,), id="too large"),
        pytest.param(cursor_of("things", ("\ud800",)), (str,), id="a lone surrogate"),
        pytest.param("x", (int,), id="cut off"),
        pytest.param("§§§§", (int,), id="no base64"),
        pytest.param(base64.urlsafe_b64encode(b"0" * 30).decode(), (int,), id="forged"),
    ],
)
def test_a_cursor_that_the_list_did_not_give_is_refused(
    cursor: str, shape: tuple[type[int] | type[str], ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        page_request(_query(cursor), "things", shape)
    assert refused.value.errors[0].loc == ("query", "cursor")


@given(st.sets(st.text(max_size=3), max_size=12), st.integers(1, 5))
@settings(max_examples=60, deadline=None, database=None)
def test_pages_in_memory_hold_each_item_once_in_order(names: set[str], limit: int) -> None:
    items: dict[Key, str] = {(name,): name for name in names}

    found, after = list[str](), None
    while True:
        page = page_of(items, PageRequest(limit, after))
        found += page.items
        after = page.next
        if after is None:
            break

    assert found == sorted(names)
