"""Every scenario, one module a part of the house."""

from perf.harness import Scenario

from . import engine, history, lateness, processes, retention, runs, start, storage

SCENARIOS: dict[str, Scenario] = {
    each.name: each
    for module in (engine, storage, history, retention, runs, processes, lateness, start)
    for each in module.SCENARIOS
}
"""Name → scenario."""
