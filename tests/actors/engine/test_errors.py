"""Errors: one root, and a sentence each that says what to do."""

import inspect

import pytest

from quarterjack.actors.engine import EngineError, errors
from quarterjack.storage.errors import QuarterjackError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, QuarterjackError) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_the_engine_is_one_of_ours(kind: type[Exception]) -> None:
    assert issubclass(kind, EngineError)
    assert issubclass(kind, QuarterjackError)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_its_sentence(kind: type[Exception]) -> None:
    assert (inspect.getdoc(kind) or "").endswith((".", "?"))
