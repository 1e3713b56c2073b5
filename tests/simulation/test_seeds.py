"""Weeks made of seeds keep the promises; the same seed is the same week, byte for byte."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import outcome_of

ROOT = Path(__file__).parents[2]
RUNS = 10
FOUND = {
    54: "what the executions' supervisor was to begin as it crashed never began",
    300_095: "what was stored after the schedules' supervisor had crashed was enqueued by nobody",
    305_089: "a supervisor that crashed as it heard of an end kept what came for the next for ever",
    1_000_033: "an execution whose caller was told of a crash was stored, and never began",
}
"""Seeds that have found a mistake, and which."""


@pytest.mark.parametrize("first", range(1_000_000, 1_000_000 + 8 * RUNS, RUNS))
def test_a_week_of_faults_breaks_no_promise(first: int) -> None:
    outcomes = [outcome_of(seed) for seed in range(first, first + RUNS)]
    assert {each.seed: each.problems for each in outcomes if each.problems} == {}
    assert sum(each.executions for each in outcomes) > RUNS
    assert sum(len(each.faults) for each in outcomes) > RUNS


@pytest.mark.parametrize("seed", FOUND)
def test_what_a_seed_has_found_stays_mended(seed: int) -> None:
    assert outcome_of(seed).problems == []


def test_a_seed_is_the_same_week_in_another_process() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7"]
    told = [
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout for _ in range(2)
    ]
    assert told[0] == told[1]
    assert outcome_of(7).digest.encode() in told[0]


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_two_thousand_weeks_break_no_promise() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--runs", "2000"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
