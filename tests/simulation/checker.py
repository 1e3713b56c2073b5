"""The promises, one after the other, against what a simulation left behind."""

from collections.abc import Iterator

from tests.simulation.check_backfills import check_totals
from tests.simulation.check_events import check_events
from tests.simulation.check_executions import check_executions
from tests.simulation.check_instants import check_instants
from tests.simulation.check_times import check_lateness
from tests.simulation.driver import AFTERWARDS, Simulation
from tests.simulation.evidence import Evidence
from tests.simulation.rules import SECOND


def problems_of(simulation: Simulation, evidence: Evidence) -> list[str]:
    """All that is wrong; none: the promises held."""
    return [*simulation.broken, *_found(simulation, evidence)]


def _found(simulation: Simulation, evidence: Evidence) -> Iterator[str]:
    plan, record, world = simulation.plan, simulation.record, simulation.world
    yield from evidence.faults
    yield from check_events(evidence, record, simulation.client.last)
    yield from check_executions(plan, evidence, record, world)
    quiet = world.now() - round(AFTERWARDS.total_seconds()) * SECOND
    yield from check_instants(plan, evidence, record, quiet - 60 * SECOND)
    yield from check_lateness(evidence)
    yield from check_totals(evidence, record)
    yield from _counters(evidence)


def _counters(evidence: Evidence) -> Iterator[str]:
    """What a schedule counts is what a count of its executions gives."""
    for key, schedule in evidence.schedules.items():
        mine = [each for each in evidence.executions.values() if each.schedule == key]
        counted = (
            len(mine),
            sum(1 for each in mine if each.status == "succeeded"),
            sum(1 for each in mine if each.status in ("failed", "timedOut")),
        )
        stored = (schedule.executions, schedule.succeeded, schedule.failed)
        if stored != counted:
            yield f"{key} counts {stored}, there are {counted}"
