"""What a user says of a schedule: when it fires (`ScheduleConfig`), how it runs (`ExecutionConfig`).

One definition serves REST bodies, the embedding API and the stored row. Whether a cron expression
or a time zone makes sense is decided above (`quarterjack.actors.policies.triggers`).
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .durations import Duration
from .event_filters import EventFilter
from .event_names import LONGEST_NAME, awaited_problem
from .instants import Instant
from .wire_model import WireModel


class Overlap(StrEnum):
    """What to do when a schedule is due while an earlier execution of it has not ended."""

    SKIP = "skip"
    QUEUE_ONE = "queueOne"
    QUEUE_ALL = "queueAll"
    CANCEL_RUNNING = "cancelRunning"
    ALLOW = "allow"


class CatchUp(StrEnum):
    """What to do with due instants that passed while nothing could fire."""

    SKIP = "skip"
    LATEST = "latest"
    ALL = "all"


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _awaitable(name: str) -> str:
    if problem := awaited_problem(name):
        raise ValueError(problem)
    return name


EventName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_awaitable)]
CronLines = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=256)], ...],
    BeforeValidator(_as_tuple, json_schema_input_type=str | list[str]),
    Field(min_length=1, max_length=20),
]
KINDS = ("cron", "interval", "at", "event", "manual")
"""A schedule has exactly one of these."""


CLOCKWORK = frozenset({"startAt", "endAt", "jitter", "maxRuns", "exclude", "catchUpWindow"})
"""What makes no sense for a schedule that is only triggered by hand."""


class ScheduleConfig(WireModel):
    """When a schedule fires: exactly one of `cron`, `interval`, `at`, `event`, `manual`."""

    cron: CronLines | None = None
    interval: Duration | None = None
    anchor: Instant | None = None
    at: Instant | None = None
    event: EventName | None = None
    event_filter: EventFilter = None
    manual: Literal[True] | None = None
    timezone: str = Field(default="UTC", min_length=1, max_length=100)
    start_at: Instant | None = None
    end_at: Instant | None = None
    jitter: Duration = Field(default=timedelta(0), le=timedelta(days=1))
    max_runs: Annotated[int, Field(strict=True, ge=1, le=10**9)] | None = None
    exclude: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=120)], ...], Field(max_length=500)
    ] = ()
    overlap: Overlap = Overlap.SKIP
    catch_up: CatchUp = CatchUp.LATEST
    catch_up_window: Duration | None = None

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> "ScheduleConfig":
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of {', '.join(KINDS)}; found {found}")
        if self.anchor is not None and self.interval is None:
            raise ValueError("anchor belongs to interval; give an interval too, or leave it out")
        if self.event_filter is not None and self.event is None:
            raise ValueError("eventFilter belongs to event; give an event too, or leave it out")
        if self.interval is not None and self.interval < timedelta(seconds=1):
            raise ValueError("interval is at least one second")
        if self.start_at is not None and self.end_at is not None and self.end_at <= self.start_at:
            raise ValueError("endAt is not after startAt; exchange them, or leave one out")
        if self.kind in ("event", "manual"):
            self._refuse_clockwork()
        return self

    def _refuse_clockwork(self) -> None:
        """What only a rule with a clock can have."""
        named: dict[str, object] = {"jitter": self.jitter, "catchUpWindow": self.catch_up_window}
        if self.kind == "manual":
            named |= {
                "startAt": self.start_at,
                "endAt": self.end_at,
                "maxRuns": self.max_runs,
                "exclude": self.exclude,
            }
        if given := [name for name, value in named.items() if value]:
            raise ValueError(
                f"{' and '.join(given)} can't go with {self.kind}: it is not due by the clock"
            )

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


def _names(given: object) -> object:
    """Exception classes as their names; text stays as it is."""
    if isinstance(given, type | str):
        given = (given,)
    if not isinstance(given, list | tuple | set | frozenset):
        return given
    return tuple(each.__name__ if isinstance(each, type) else each for each in given)


ExceptionNames = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")], ...],
    BeforeValidator(_names, json_schema_input_type=list[str]),
    Field(max_length=50),
]


class Retry(WireModel):
    """How often a failed step is tried, and how long is waited in between.

    `attempts` counts the first one; the wait before attempt n + 1 is `backoff * factor**(n - 1)`,
    at most `max_backoff`, and then up to the share `jitter` (0 to 1) of it shorter, so that many
    that failed together do not come again together.

    `retry_on` and `no_retry_on` are exception classes or their names; subclasses count. With
    `retry_on` only those are tried again; those of `no_retry_on` never are.

    >>> Retry(attempts=3, backoff="2s").backoff
    datetime.timedelta(seconds=2)
    """

    attempts: int = Field(default=1, ge=1, le=1_000, strict=True)
    backoff: Duration = timedelta(seconds=1)
    factor: float = Field(default=2.0, ge=1, le=100, strict=True)
    max_backoff: Duration = timedelta(minutes=5)
    jitter: float = Field(default=0.0, ge=0, le=1, strict=True)
    retry_on: ExceptionNames = ()
    no_retry_on: ExceptionNames = ()

    def __init__(self, **data: Any) -> None:
        fields = type(self).model_fields
        known = {name: field.alias or name for name, field in fields.items()}
        super().__init__(**{known.get(name, name): value for name, value in data.items()})


class ExecutionConfig(WireModel):
    """How the executions of a schedule run."""

    params: dict[str, Any] = Field(default_factory=dict, repr=False)
    priority: int = Field(default=5, ge=0, le=9, strict=True)
    timeout: Duration | None = None
    max_concurrency: int = Field(default=1, ge=1, le=10_000, strict=True)
    retry_policy: Retry | None = None
    pause_on_failure: Annotated[int, Field(strict=True, ge=1)] | None = None

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """As pydantic's, but bytes in `params` stay bytes also in mode `json`, which would decode them."""
        dumped = super().model_dump(**{**options, "exclude": {"params"}})
        if self.params or not options.get("exclude_defaults"):
            dumped["params"] = self.params
        return dumped
