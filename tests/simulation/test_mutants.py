"""The checker can fail: a product with a mistake in it does not pass."""

import pytest

from tests.simulation.mutants import MUTANTS, Mutant, caught

FAST = 12
"""Seeds after which the patience with a mutant ends, unless time does not matter."""
HARD: set[str] = set()


def _parameters(*, hard: bool) -> list[object]:
    return [pytest.param(each, id=each.name) for each in MUTANTS if (each.name in HARD) == hard]


def test_there_are_enough_of_them() -> None:
    assert len({each.name for each in MUTANTS}) == len(MUTANTS) >= 15


@pytest.mark.parametrize("mutant", _parameters(hard=False))
def test_a_mistake_is_noticed(mutant: Mutant) -> None:
    assert caught(mutant, most=FAST) is not None


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("mutant", _parameters(hard=True))
def test_a_rare_mistake_is_noticed(mutant: Mutant) -> None:
    assert caught(mutant) is not None
