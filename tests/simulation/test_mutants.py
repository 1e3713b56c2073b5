"""The checker can fail: a product with a mistake in it does not pass."""

import pytest

from tests.simulation.more_mutants import MUTANTS
from tests.simulation.mutants import Mutant, caught

FAST = 12
"""Seeds after which the patience with a mutant ends."""
FIRST = {
    "what can't be written to a full disk is promised, and forgotten": 8,
    "numbers of events go on although nothing was committed": 8,
    "a broadcaster that crashed does not read what it missed": 55,
    "what was due during a pause is forgotten at the resume": 29,
    "what was due while the server was down is forgotten": 45,
    "the ticker forgets its alarms when it crashes": 26,
    "`latest` catches up as `all` does": 80,
    "the catch-up window is not looked at": 43,
    "`skip` runs beside what has not ended": 33,
    "a skipped instant leaves no row": 25,
    "nobody begins what the crashed supervisor was to begin": 145,
    "a schedule runs more at once than it may": 100,
    "a sub-workflow goes on when its parent is cancelled": 47,
    "a backfill makes executions of excluded days": 55,
    "a cancelled backfill goes on": 208,
    "a backfill counts failures as successes": 141,
    "a backfill leaves out what the ledger has a row of": 141,
}
"""Where to begin with those that the first seeds do not notice."""


def test_there_are_enough_of_them() -> None:
    assert len({each.name for each in MUTANTS}) == len(MUTANTS) >= 15


@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.name for each in MUTANTS])
def test_a_mistake_is_noticed(mutant: Mutant) -> None:
    assert caught(mutant, most=FAST, first=FIRST.get(mutant.name, 0)) is not None
