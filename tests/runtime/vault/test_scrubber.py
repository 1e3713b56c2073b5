"""Secrets are taken out of what a step writes, in every form that it usually has."""

import base64
import json
import logging
import sys
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterjack.runtime.output_tail import KEPT, OutputTail
from quarterjack.runtime.vault.scrubber import Scrubber
from quarterjack.storage import Failure
from quarterjack.storage.plain_data import unpack

VALUE = "pass wörd/\"'\n\\+second line"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=40)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(VALUE, id="as-it-is"),
        pytest.param(repr(VALUE), id="repr"),
        pytest.param(ascii(VALUE), id="ascii"),
        pytest.param(repr(VALUE.encode()), id="bytes"),
        pytest.param(json.dumps({"a": VALUE}), id="json"),
        pytest.param(json.dumps({"a": VALUE}, ensure_ascii=False), id="json-unicode"),
        pytest.param(quote(VALUE), id="path"),
        pytest.param(urlencode({"a": VALUE}), id="query"),
        pytest.param(base64.b64encode(VALUE.encode()).decode(), id="base64"),
        pytest.param("\\+second line", id="one-line"),
    ],
)
def test_a_secret_is_found_in_its_usual_forms(text: str) -> None:
    scrubbed = Scrubber([VALUE]).text(f"before {text} after")

    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")
    assert "***" in scrubbed
    assert "second" not in scrubbed


@given(secrets=st.lists(TEXTS, min_size=1, max_size=3), around=TEXTS)
def test_no_secret_is_left_in_a_text(secrets: list[str], around: str) -> None:
    text = around.join(["", *secrets, ""])

    scrubbed = Scrubber(secrets).text(text)

    pieces = scrubbed.split("***")
    assert all(secret not in piece for secret in secrets for piece in pieces)


def test_plain_data_and_failures_are_scrubbed_throughout() -> None:
    scrubber = Scrubber(["correct horse"])
    data = {"a correct horse": ["correct horse", b"\0correct horse\xff", 1, None, {"b": "c"}]}

    assert scrubber.data(data) == {"a ***": ["***", b"\0***\xff", 1, None, {"b": "c"}]}
    failure = Failure("E", "no correct horse", "Traceback: correct horse")
    assert scrubber.failure(failure) == Failure("E", "no ***", "Traceback: ***")


def test_a_record_of_the_log_is_scrubbed_whoever_formats_it() -> None:
    try:
        raise LookupError("correct horse")
    except LookupError:
        trace = sys.exc_info()
    record = logging.LogRecord("a", 20, "f", 1, "as %s", ("correct horse",), trace, sinfo="x")
    wrong = logging.LogRecord("a", 20, "f", 1, "%d correct horse", ("correct horse",), None)

    for each in (record, wrong):
        Scrubber(["correct horse"]).record(each)

    assert record.getMessage() == "as ***"
    assert record.exc_info is None
    assert "LookupError: ***" in logging.Formatter().format(record)
    assert "horse" not in repr(vars(record)) + repr(vars(wrong))


def kept(tail: OutputTail) -> str:
    """The text that is kept, as it is shown."""
    packed = tail.pack()
    assert packed is not None
    return "\n".join(line[4] for line in unpack(packed)["lines"])


@pytest.mark.parametrize("size", [1, 3, 7, 1_000, KEPT // 4, KEPT])
def test_a_secret_that_is_written_in_pieces_is_found(size: int) -> None:
    tail, at = OutputTail(), datetime(2026, 1, 1, tzinfo=UTC)
    tail.scrubber = Scrubber(["correct horse"])
    text = "correct horse, " * 3_000

    for begin in range(0, len(text), size):
        tail.add(at, "stdout", text[begin : begin + size])

    assert "***, ***" in kept(tail)
    assert "horse" not in kept(tail)


def test_a_line_that_has_not_ended_is_shown_without_secrets() -> None:
    tail = OutputTail()
    tail.scrubber = Scrubber(["correct horse"])
    tail.add(datetime(2026, 1, 1, tzinfo=UTC), "stdout", "it is correct horse and")

    assert kept(tail) == "it is *** and"
