"""Due instants around changes of the clock: against a cron that lives through every minute of them.

To see how many cases and instants were compared:
`python -m pytest tests/actors/policies/test_cron_by_the_model.py -m "slow or not slow" -o log_cli=1 -o
log_cli_level=INFO`.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import cronsim_witness as cronsim
import pytest
from cron_cases import FAMOUS, Case, changes, random_case, random_change
from cron_model import Job, runs
from cronsim_witness import Reason
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.cron import CronExpression

logger = logging.getLogger(__name__)
CASES_OF_A_CHANGE = 8


def ours(case: Case) -> list[datetime]:
    """The instants up to the end of the case, one asked for after the other."""
    expression, zone = CronExpression(case.expression), ZoneInfo(case.change.zone)
    found: list[datetime] = []
    due = expression.next(case.after, zone)
    while due is not None and due <= case.end:
        assert due > (found[-1] if found else case.after), case
        found.append(due)
        due = expression.next(due, zone)
    return found


def expected(case: Case) -> list[datetime]:
    """The model's."""
    lived = runs(Job(case.expression), ZoneInfo(case.change.zone), case.begin, case.end)
    return [instant for instant in lived if instant > case.after]


def random_cases(seed: int, count: int, *, with_seconds: bool = False) -> Iterator[Case]:
    """So many, the same for a seed."""
    random = Random(seed)
    for _ in range(count // CASES_OF_A_CHANGE):
        change = random_change(random)
        for _ in range(CASES_OF_A_CHANGE):
            yield random_case(random, change, with_seconds=with_seconds)


def compare_all(cases: Iterator[Case]) -> Counter[str]:
    """Compare with the model, and with cronsim; what was seen, counted."""
    seen: Counter[str] = Counter()
    for case in cases:
        found, theirs = ours(case), cronsim.said(case)
        assert found == expected(case), case
        seen["cases"] += 1
        seen["instants"] += len(found)
        seen[f"in a year of {case.change.at.year // 10}0s"] += 1
        seen["wildcard" if Job(case.expression).is_wildcard else "fixed"] += 1
        seen["gap" if case.change.jump.days >= 0 else "overlap"] += 1
        if found != theirs:
            why = cronsim.reason(case, found, theirs)
            assert why is not None, f"cronsim differs, nobody knows why: {case}"
            seen[f"cronsim: {why.value}"] += 1
    for what, count in sorted(seen.items()):
        logger.info("%7d %s", count, what)
    return seen


def test_around_changes_of_the_clock_the_model_agrees() -> None:
    seen = compare_all(random_cases(1, 160))

    assert seen["cases"] == 160
    assert min(seen[kind] for kind in ("wildcard", "fixed", "gap", "overlap")) > 24


def test_around_changes_of_the_clock_the_model_agrees_on_seconds() -> None:
    assert compare_all(random_cases(2, 40, with_seconds=True))["cases"] == 40


@pytest.mark.parametrize(("zone", "year"), FAMOUS)
def test_the_model_agrees_in_the_famous_places(zone: str, year: int) -> None:
    random, found = Random(zone), changes(zone, year)
    assert found

    assert compare_all(random_case(random, change) for change in found for _ in range(12))["cases"]


@given(st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, database=None)
def test_whatever_is_made_up_the_model_agrees(random: Random) -> None:
    case = random_case(random, random_change(random))

    assert ours(case) == expected(case), case


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_in_twelve_thousand_cases_the_model_agrees() -> None:
    seen = compare_all(random_cases(3, 12_000))

    assert seen["cases"] == 12_000
    assert seen["fixed"] >= 2_000
    reasons = set(Reason) - {Reason.SIX_FIELDS}
    assert all(seen[f"cronsim: {reason.value}"] for reason in reasons)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_in_a_thousand_cases_the_model_agrees_on_seconds() -> None:
    seen = compare_all(random_cases(4, 1_000, with_seconds=True))

    assert seen["cases"] == 1_000
    assert seen[f"cronsim: {Reason.SIX_FIELDS.value}"]
