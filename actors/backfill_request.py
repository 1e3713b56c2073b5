"""What may be asked for when a schedule is backfilled."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from quarterjack.storage.instants import EPOCH, Instant
from quarterjack.storage.wire_model import WireModel

_LOWEST_PRIORITY: Final = 9


class BackfillRequest(WireModel):
    """The range, and how what comes of it runs."""

    start: Instant
    end: Instant
    """The first instant that does not belong to it."""
    overlap: Literal["queueAll", "allow"] | None = None
    """One after the other (the default), or as many at once as `maxConcurrency` says."""
    max_concurrency: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    priority: Annotated[int, Field(strict=True, ge=0, le=9)] = _LOWEST_PRIORITY
    params: dict[str, Any] = Field(default_factory=dict, repr=False)

    @field_validator("start")
    @classmethod
    def _not_too_early(cls, start: datetime) -> datetime:
        if start < EPOCH:
            raise ValueError("is before 1970; nothing was due by this schedule then")
        return start

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and end <= start:
            raise ValueError("is not after start; exchange them")
        return end

    @field_validator("max_concurrency")
    @classmethod
    def _not_beside_queue_all(cls, limit: int | None, info: ValidationInfo) -> int | None:
        if info.data.get("overlap") == "queueAll" and limit is not None and limit > 1:
            raise ValueError('"queueAll" runs one after the other; say "allow", or leave it out')
        return limit
