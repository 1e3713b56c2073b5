"""How everything is, as it is answered."""

from typing import TYPE_CHECKING, Literal

from quarterjack import storage
from quarterjack.storage import ExecutionStatus, ScheduleStatus
from quarterjack.storage.attention import Attention as AttentionFound
from quarterjack.storage.instants import Instant
from quarterjack.storage.recent_runs import RunBrief
from quarterjack.storage.standing import Concern, Standing

from .shape import Seconds, Shape

if TYPE_CHECKING:
    from quarterjack.runtime.overview_calls import Overview as OverviewFound


class ScheduleCounts(Shape):
    """How many schedules there are, by their status, and by what is wrong with them."""

    total: int
    active: int
    paused: int
    disabled: int
    error: int
    finished: int
    late: int
    """Active, and five seconds past a due instant about which nothing is decided."""
    failing: int
    """Failed at least twice in a row; not those that are disabled or finished."""
    losing: int
    """Have missed due instants in the last 24 hours, and not because they were paused."""

    @classmethod
    def of(cls, found: Standing) -> "ScheduleCounts":
        """What was counted."""
        return cls.model_validate(
            {
                "total": found.total,
                **{status.value: count for status, count in found.statuses.items()},
                **{
                    concern.value: count
                    for concern, count in found.concerns.items()
                    if concern is not Concern.ERROR
                },
            }
        )


class BriefError(Shape):
    """Why something failed, without the traceback."""

    type: str
    message: str

    @classmethod
    def of(cls, found: storage.Failure | None) -> "BriefError | None":
        """An error that was stored, if there was one."""
        return None if found is None else cls(type=found.type, message=found.message)


class LastExecution(Shape):
    """The execution that was made last."""

    id: str
    status: ExecutionStatus

    @classmethod
    def of(cls, found: RunBrief | None) -> "LastExecution | None":
        """One that is stored, if there is one."""
        return None if found is None else cls(id=found.id, status=found.status)


class Attention(Shape):
    """A schedule that needs somebody, and the worst that is wrong with it."""

    kind: Literal["error", "late", "failing", "losing"]
    schedule_id: str
    workflow_id: str
    name: str
    status: ScheduleStatus
    since: Instant | None
    """Null: not known."""
    count: int | None
    """Failures in a row, or due instants that were missed; null: neither."""
    error: BriefError | None
    next_execution: Instant | None
    last_execution: LastExecution | None

    @classmethod
    def of(cls, found: AttentionFound) -> "Attention":
        """What was found."""
        base = found.schedule
        return cls.model_validate(
            {
                "kind": found.concern.value,
                "scheduleId": base.id,
                "workflowId": base.workflow_id,
                "name": base.name,
                "status": base.status,
                "since": found.since,
                "count": found.count,
                "error": BriefError.of(found.error),
                "nextExecution": base.next_fire,
                "lastExecution": LastExecution.of(found.last_execution),
            }
        )


class Overview(Shape):
    """How everything is."""

    now: Instant
    version: str
    started_at: Instant
    loop_lag: Seconds
    """The worst lateness of the server's timers in the last ten seconds."""
    seq: int
    """The newest stored event: events after it tell of what changes from now on."""
    schedules: ScheduleCounts
    running: int
    waiting: int
    queued: int
    attention: list[Attention]
    """The worst first, at most 50, each schedule once."""
    attention_total: int

    @classmethod
    def of(cls, found: "OverviewFound") -> "Overview":
        """What was found."""
        survey, standing = found.survey, found.survey.standing
        return cls(
            now=found.now,
            version=found.node.version,
            started_at=found.node.started_at,
            loop_lag=found.loop_lag,
            seq=survey.seq,
            schedules=ScheduleCounts.of(standing),
            running=standing.running,
            waiting=standing.waiting,
            queued=standing.queued,
            attention=[Attention.of(each) for each in survey.attention],
            attention_total=survey.attention_total,
        )
