"""Who did what: one entry for each call that changes something, also for those that were refused."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from peewee import Tuple

from .access_tables import AuditRow
from .database import Reader
from .ids import ExecutionId, ScheduleId, TokenId, WorkflowId
from .instants import to_micros
from .plain_data import PlainData
from .queries import Page, PageRequest
from .roles import Role
from .rows import Row
from .selects import rows


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A call, by whom, what it was about, and how it was answered."""

    at: datetime
    token_id: TokenId | None
    """None: by somebody on this machine, without a token."""
    token_name: str | None
    role: Role
    address: str
    action: str
    """The name of the call."""
    status: int
    schedule_id: ScheduleId | None = None
    workflow_id: WorkflowId | None = None
    execution_id: ExecutionId | None = None
    request_id: str | None = None
    detail: dict[str, PlainData] | None = None
    id: int | None = None
    """Given when it is stored."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; `since` ≤ at < `until`."""

    token_id: TokenId | None = None
    action: str | None = None
    schedule_id: ScheduleId | None = None
    since: datetime | None = None
    until: datetime | None = None
    workflows: Collection[WorkflowId] | None = None
    """Only what is not about any other; None: all."""


def audit(reader: Reader, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
    """Entries, newest first."""
    row = AuditRow
    query = row.select().order_by(row.at.desc(), row.id.desc()).limit(page.limit + 1)
    if page.after:
        query = query.where(Tuple(row.at, row.id) < Tuple(*page.after))
    equal = {
        row.token_id: wanted.token_id,
        row.action: wanted.action,
        row.schedule_id: wanted.schedule_id,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(row.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(row.at < wanted.until)
    if wanted.workflows is not None:
        own = row.workflow_id.in_(sorted(wanted.workflows))
        query = query.where(row.workflow_id.is_null() | own)
    found = [_to_entry(each) for each in rows(reader, query)]
    items, more = found[: page.limit], len(found) > page.limit
    last = items[-1] if more else None
    return Page(items, None if last is None else (to_micros(last.at), last.id or 0))


def _to_entry(row: Row) -> AuditEntry:
    return AuditEntry(**{**row, "role": Role(row["role"])})
