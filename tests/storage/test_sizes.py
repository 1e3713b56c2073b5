"""Amounts of bytes, as people write them."""

import pytest

from quarterjack.storage.sizes import parse_size


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (0, 0),
        (1_000, 1_000),
        ("1000", 1_000),
        ("1 B", 1),
        ("2k", 2_048),
        ("2 kB", 2_048),
        ("2kiB", 2_048),
        ("1.5MB", 1_572_864),
        (" 2GB ", 2 * 2**30),
    ],
)
def test_a_size_is_a_number_or_text_with_a_unit(given: object, size: int) -> None:
    assert parse_size(given) == size


@pytest.mark.parametrize("given", ["", "MB", "-1", "1 TB", "1e6", "١", None, 1.5, True, [1]])
def test_what_is_no_size_is_refused_in_a_sentence(given: object) -> None:
    with pytest.raises(ValueError, match="is no size; write bytes, or '512MB', '2GB'"):
        parse_size(given)
