"""One module a resource: its addresses, and the handlers that bridge them to the runtime."""

from ..call import Call
from . import (
    actors,
    backfills,
    bulk,
    calendars,
    counts,
    cron,
    description,
    events,
    executions,
    health,
    live,
    metrics,
    nodes,
    previews,
    schedules,
    tokens,
    webhooks,
    workflows,
)


def all_calls() -> list[Call]:
    """Every call that the server answers: the one table that all else is made from."""
    resources = (
        schedules,
        previews,
        bulk,
        backfills,
        calendars,
        workflows,
        executions,
        counts,
        events,
        webhooks,
        cron,
        actors,
        tokens,
        nodes,
        health,
        metrics,
        description,
        live,
    )
    return [call for resource in resources for call in resource.calls()]
