"""One module a resource: its addresses, and the handlers that bridge them to the runtime."""

from ..call import Call
from . import (
    actors,
    backfills,
    bulk,
    calendars,
    counts,
    cron,
    dashboard,
    description,
    events,
    executions,
    health,
    live,
    maintenance,
    metrics,
    nodes,
    overview,
    previews,
    running,
    schedules,
    session,
    summaries,
    timeline,
    tokens,
    webhooks,
    workflows,
)


def all_calls() -> list[Call]:
    """Every call that the server answers: the one table that all else is made from."""
    resources = (
        schedules,
        summaries,
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
        session,
        tokens,
        nodes,
        maintenance,
        overview,
        running,
        timeline,
        health,
        metrics,
        dashboard,
        description,
        live,
    )
    return [call for resource in resources for call in resource.calls()]
