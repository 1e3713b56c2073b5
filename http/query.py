"""Query parameters: read into shapes, each wrong or unknown one named."""

import re
from datetime import date
from typing import Annotated, Final, Literal, TypeVar

from aiohttp import web
from pydantic import BeforeValidator, Field

from quarterjack.actors.drafts import validated
from quarterjack.storage import (
    ExecutionStatus,
    FieldError,
    FireOutcome,
    InvalidInput,
    ScheduleStatus,
)
from quarterjack.storage.counts import Interval
from quarterjack.storage.instants import Instant
from quarterjack.storage.schedule_summaries import SummaryOrder
from quarterjack.storage.standing import Concern
from quarterjack.storage.webhook_records import DeliveryStatus
from quarterjack.storage.wire_model import WireModel


def _written_date(given: object) -> object:
    """A number is no date, though pydantic would take it for seconds since 1970."""
    if isinstance(given, str) and not _DATE.fullmatch(given):
        raise ValueError("write a date as 2026-01-31")
    return given


_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
Date = Annotated[date, BeforeValidator(_written_date)]


class NoQuery(WireModel):
    """No parameters."""


class LogsQuery(WireModel):
    """Of `GET /api/executions/{id}/steps/{step}/logs`."""

    attempt: int | None = Field(default=None, ge=1)


class PageQuery(WireModel):
    """Of every list."""

    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = Field(
        default=None,
        min_length=1,
        max_length=1_000,
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"},
    )


class DeliveriesQuery(PageQuery):
    """Of `GET /api/webhooks/{id}/deliveries`."""

    status: DeliveryStatus | None = None


class SchedulesQuery(PageQuery):
    """Of `GET /api/schedules`."""

    status: ScheduleStatus | None = None
    workflow_id: str | None = Field(default=None, max_length=200)
    q: str = Field(default="", max_length=200)


class ViewQuery(PageQuery):
    """Which schedules are shown, and in which order."""

    cursor: str | None = Field(
        default=None,
        min_length=1,
        max_length=4_000,  # a name can be in it
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"},
    )
    status: ScheduleStatus | None = None
    workflow_id: str | None = Field(default=None, max_length=200)
    q: str = Field(default="", max_length=200)
    attention: Concern | None = None
    """What is wrong with them."""
    ids: str | None = Field(default=None, min_length=1, max_length=8_000)
    """Of the only ones, with commas between them."""
    sort: SummaryOrder = SummaryOrder.CREATED
    order: Literal["asc", "desc"] = "asc"


class TimelineQuery(ViewQuery):
    """Of `GET /api/timeline`."""

    limit: int = Field(default=50, ge=1, le=100)
    since: Instant | None = None
    until: Instant | None = None


class ExportQuery(WireModel):
    """Of `GET /api/schedules/export`."""

    status: ScheduleStatus | None = None
    workflow_id: str | None = Field(default=None, max_length=200)
    q: str = Field(default="", max_length=200)


class ImportQuery(WireModel):
    """Of `POST /api/schedules/import`."""

    dry_run: bool = False


class WorkflowSchedulesQuery(PageQuery):
    """Of `GET /api/workflows/{id}/schedules`."""

    status: ScheduleStatus | None = None
    q: str = Field(default="", max_length=200)


class ScheduleExecutionsQuery(PageQuery):
    """Of `GET /api/schedules/{id}/executions`."""

    status: ExecutionStatus | None = None
    since: Instant | None = None
    until: Instant | None = None


class ExecutionsQuery(ScheduleExecutionsQuery):
    """Of `GET /api/executions`."""

    workflow_id: str | None = Field(default=None, max_length=200)
    schedule_id: str | None = Field(default=None, max_length=200)
    backfill_id: str | None = Field(default=None, max_length=200)


class FiresQuery(PageQuery):
    """Of `GET /api/schedules/{id}/fires`."""

    outcome: FireOutcome | None = None
    since: Instant | None = None
    until: Instant | None = None


class EventsQuery(PageQuery):
    """Of `GET /api/events`."""

    after: int = Field(default=0, ge=0, lt=2**63)
    topic: str = "*"


class UpcomingQuery(WireModel):
    """Of `GET /api/schedules/{id}/upcoming`."""

    count: int = Field(default=10, ge=1, le=500)


class AuditQuery(PageQuery):
    """Of `GET /api/audit`."""

    token: str | None = Field(default=None, max_length=200)
    """A token's id."""
    action: str | None = Field(default=None, max_length=100)
    """The name of a call."""
    schedule_id: str | None = Field(default=None, max_length=200)
    since: Instant | None = None
    until: Instant | None = None


class CronQuery(WireModel):
    """Of `GET /api/cron`."""

    expr: str
    timezone: str = Field(default="UTC", min_length=1, max_length=100)
    after: Instant | None = None
    count: int = Field(default=10, ge=1, le=1_000)
    seed: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")


class StatisticsQuery(WireModel):
    """Of `GET /api/statistics`."""

    since: Instant | None = None
    until: Instant | None = None
    by: Interval = Interval.HOUR
    workflow_id: str | None = Field(default=None, max_length=200)
    schedule_id: str | None = Field(default=None, max_length=200)


class DaysQuery(WireModel):
    """Of `GET /api/schedules/{id}/days`."""

    since: Date | None = None
    until: Date | None = None


class WorkflowStatisticsQuery(WireModel):
    """Of `GET /api/workflows/{id}/statistics`."""

    days: int = Field(default=30, ge=1, le=366)


class DeleteQuery(WireModel):
    """Of `DELETE /api/schedules/{id}/workflow`."""

    cancel: bool = False


Q = TypeVar("Q", bound=WireModel)


def read_query(request: web.Request, shape: type[Q]) -> Q:
    """The query parameters in that shape. Raises `InvalidInput` naming each wrong one."""
    given = request.query
    doubled = sorted({name for name in given if len(given.getall(name)) > 1})
    if doubled:
        raise InvalidInput(
            [FieldError(("query", name), "given more than once") for name in doubled]
        )
    try:
        return validated(shape, dict(given))
    except InvalidInput as error:
        raise in_query(error) from None


def in_query(error: InvalidInput) -> InvalidInput:
    """The same about query parameters of these names."""
    return InvalidInput([FieldError(("query", *each.loc), each.msg) for each in error.errors])
