"""Every scenario, one module a part of the house."""

from perf.harness import Scenario

from . import engine, lateness, runs, storage

SCENARIOS: dict[str, Scenario] = {
    each.name: each for module in (engine, storage, runs, lateness) for each in module.SCENARIOS
}
"""Name → scenario."""
