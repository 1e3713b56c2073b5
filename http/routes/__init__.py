"""One module a resource: its addresses, and the handlers that bridge them to the runtime."""

from aiohttp import web

from . import (
    actors,
    backfills,
    bulk,
    calendars,
    cron,
    events,
    executions,
    health,
    live,
    previews,
    schedules,
    workflows,
)


def all_routes() -> list[web.RouteDef]:
    """Every address that the server answers."""
    resources = (
        schedules,
        previews,
        bulk,
        backfills,
        calendars,
        workflows,
        executions,
        events,
        cron,
        actors,
        health,
        live,
    )
    return [route for resource in resources for route in resource.routes()]
