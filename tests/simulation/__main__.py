"""`python -m tests.simulation`: replays one seed, or hunts for seeds that break a promise.

python -m tests.simulation --seed 7           # what happened, and what is wrong with it
python -m tests.simulation --hours 2          # hunts; exit code 1 when something was found
python -m tests.simulation --runs 2000 --from 0
"""

import argparse
import hashlib
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from tests.simulation.checker import problems_of
from tests.simulation.driver import lived
from tests.simulation.evidence import Evidence
from tests.simulation.plans import plan_of


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


def hunt(seeds: "range | count[int]", seconds: float, processes: int) -> int:
    """Live through seeds until the time is over, and tell what was found."""
    began, runs, executions, events = time.monotonic(), 0, 0, 0
    faults: Counter[str] = Counter()
    broken: list[int] = []
    waiting = iter(seeds)
    with ProcessPoolExecutor(processes) as pool:
        while time.monotonic() - began < seconds:
            some = list(islice(waiting, 50 * processes))
            if not some:
                break
            for found in pool.map(outcome_of, some, chunksize=10):
                runs, executions, events = (
                    runs + 1,
                    executions + found.executions,
                    events + found.events,
                )
                faults.update(fault.split()[0] for fault in found.faults)
                if found.problems:
                    broken.append(found.seed)
                    print(f"seed {found.seed}: {found.problems[0]}", flush=True)
    print(
        f"{runs:,} runs, {executions:,} executions, {events:,} events, "
        f"{sum(faults.values()):,} faults {dict(faults)}, "
        f"{time.monotonic() - began:.0f} s, {len(broken)} broken: {broken}"
    )
    return bool(broken)


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
