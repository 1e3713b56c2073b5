"""The header `traceparent`, as the W3C's recommendation has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterjack.runtime import InvalidInput
from quarterjack.runtime.trace_context import TraceContext, checked

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{SPAN}-01"


def test_what_is_read_is_what_was_written() -> None:
    found = TraceContext.parse(GIVEN)

    assert found == (int(TRACE, 16), int(SPAN, 16), 1)
    assert str(found) == GIVEN


@pytest.mark.parametrize("version", ["01-{}-more", "cc-{}", "fe-{}-what-there-may-be"])
def test_a_later_version_is_read_as_far_as_it_is_known(version: str) -> None:
    found = TraceContext.parse(version.format(GIVEN[3:]))

    assert str(found) == GIVEN


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(f"ff-{TRACE}-{SPAN}-01", id="a version that there can't be"),
        pytest.param(f"00-{TRACE}-{SPAN}-01-more", id="more than version 00 has"),
        pytest.param(f"01-{TRACE}-{SPAN}-01.more", id="more without a dash"),
        pytest.param(f"00-{'0' * 32}-{SPAN}-01", id="no trace"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="no span"),
        pytest.param(f"00-{TRACE.upper()}-{SPAN}-01", id="capitals"),
        pytest.param(f"00-{TRACE}-{SPAN}", id="no flags"),
        pytest.param(f" {GIVEN}", id="a blank before it"),
        pytest.param(f"{GIVEN}\n", id="a line break after it"),
        pytest.param(f"00-{TRACE[:-1]}٣-{SPAN}-01", id="another script's digit"),
    ],
)
def test_what_is_no_trace_context_is_refused(text: str) -> None:
    assert TraceContext.parse(text) is None
    with pytest.raises(InvalidInput, match="traceparent"):
        checked(text)


def test_none_is_none() -> None:
    assert checked(None) is None


@given(st.text())
def test_any_text_is_a_trace_context_or_none(text: str) -> None:
    found = TraceContext.parse(text)

    assert found is None or TraceContext.parse(str(found)) == found
