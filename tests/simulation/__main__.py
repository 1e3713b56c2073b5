"""`python -m tests.simulation`: replays one seed, or hunts for seeds that break a promise.

python -m tests.simulation --seed 7           # what happened, and what is wrong with it
python -m tests.simulation --hours 2          # hunts; exit code 1 when something was found
python -m tests.simulation --runs 2000 --from 0
"""

import argparse
import gc
import hashlib
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from tests.simulation.checker import problems_of
from tests.simulation.driver import lived
from tests.simulation.evidence import Evidence
from tests.simulation.plans import plan_of

CHUNK = 25
"""Seeds that a process lives through before it gives back what it used."""
TOLD_EVERY = 1_000


class Outcome(NamedTuple):
    """What a seed came to; plain, so that it can come from another process."""

    seed: int
    problems: list[str]
    faults: list[str]
    executions: int
    events: int
    digest: str


def outcome_of(seed: int) -> Outcome:
    """Live through a seed, and check it."""
    simulation = lived(plan_of(seed))
    try:
        evidence = Evidence(simulation.outside)
        return Outcome(
            seed,
            problems_of(simulation, evidence),
            simulation.record.faults,
            len(evidence.executions),
            len(evidence.events),
            hashlib.sha256(evidence.log()).hexdigest(),
        )
    finally:
        simulation.close()


def replay(seed: int) -> int:
    """Print all events of a seed, what went wrong on the way, and which promises are broken."""
    simulation = lived(plan_of(seed))
    evidence = Evidence(simulation.outside)
    for act in simulation.plan.acts:
        print(f"plan   {act.at:>12.3f} s  {act.kind} {act.given}")
    sys.stdout.flush()
    sys.stdout.buffer.write(evidence.log())
    for fault in simulation.record.faults:
        print("fault ", fault)
    problems = problems_of(simulation, evidence)
    simulation.close()
    for problem in problems:
        print("BROKEN", problem)
    print(f"seed {seed}: {len(evidence.events)} events, sha256", end=" ")
    print(hashlib.sha256(evidence.log()).hexdigest(), f"- {len(problems)} broken")
    return bool(problems)


@dataclass
class Found:
    """What a hunt has come to so far."""

    runs: int = 0
    executions: int = 0
    events: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[int] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one seed, and tell of it at once when it broke something."""
        self.runs += 1
        self.executions += outcome.executions
        self.events += outcome.events
        self.faults.update(fault.split()[0] for fault in outcome.faults)
        if outcome.problems:
            self.broken.append(outcome.seed)
            print(f"seed {outcome.seed}: {outcome.problems[0]}", flush=True)

    def told(self, seconds: float) -> str:
        """All of it in a line."""
        return (
            f"{self.runs:,} runs, {self.executions:,} executions, {self.events:,} events, "
            f"{self.faults.total():,} faults {dict(self.faults)}, "
            f"{seconds:.0f} s, {len(self.broken)} broken: {self.broken}"
        )


def outcomes_of(seeds: list[int]) -> list[Outcome]:
    """Live through seeds; the collector of garbage, a quarter of the time, has its turn afterwards."""
    gc.freeze()
    gc.disable()
    found = [outcome_of(seed) for seed in seeds]
    gc.enable()
    gc.collect()
    return found


def hunt(seeds: "range | count[int]", seconds: float, processes: int) -> int:
    """Live through seeds until the time is over, and tell what was found."""
    began, found, waiting = time.monotonic(), Found(), iter(seeds)
    with ProcessPoolExecutor(processes) as pool:
        while time.monotonic() - began < seconds:
            chunks = [list(islice(waiting, CHUNK)) for _ in range(20 * processes)]
            if not chunks[0]:
                break
            for outcome in chain.from_iterable(pool.map(outcomes_of, chunks)):
                found.add(outcome)
                if found.runs % TOLD_EVERY == 0:
                    print(found.told(time.monotonic() - began), flush=True)
    print(found.told(time.monotonic() - began))
    return bool(found.broken)


def main() -> int:
    """The command line; the exit code is 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="replay this one, and print what happened")
    parser.add_argument("--hours", type=float, help="hunt for so long")
    parser.add_argument("--runs", type=int, help="live through so many seeds")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    if given.seed is not None:
        return replay(given.seed)
    if given.runs is None and given.hours is None:
        parser.error("give --seed, --runs or --hours")
    last = given.first + given.runs if given.runs is not None else None
    seeds = count(given.first) if last is None else range(given.first, last)
    seconds = float("inf") if given.hours is None else given.hours * 3_600
    return hunt(seeds, seconds, given.processes)


if __name__ == "__main__":
    sys.exit(main())
