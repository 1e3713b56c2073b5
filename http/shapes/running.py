"""What is under way, as it is answered."""

from quarterjack.storage import ExecutionStatus, StepStatus, Trigger
from quarterjack.storage import running as stored
from quarterjack.storage.instants import Instant

from .executions import Progress
from .shape import Seconds, Shape


class CurrentStep(Shape):
    """A step that has begun and not ended."""

    name: str
    status: StepStatus
    attempt: int | None
    """Null: it has none, because it waits, or its items do the work."""
    started_at: Instant | None
    progress: Progress | None

    @classmethod
    def of(cls, found: stored.CurrentStep) -> "CurrentStep":
        """One that is stored."""
        progress = found.progress
        return cls(
            name=found.name,
            status=found.status,
            attempt=found.attempt,
            started_at=found.started_at,
            progress=None if progress is None else Progress(**progress._asdict()),
        )


class RunningExecution(Shape):
    """An execution that runs, or waits for something."""

    id: str
    workflow_id: str
    schedule_id: str | None
    schedule_name: str | None
    status: ExecutionStatus
    trigger: Trigger
    started_at: Instant
    elapsed: Seconds
    usual_duration: Seconds | None
    """The median of the newest 20 of its schedule (without one: of its workflow) that succeeded."""
    steps_done: int
    steps_total: int | None
    """Null: it began before that was noted, and its workflow is gone."""
    current: list[CurrentStep]

    @classmethod
    def of(cls, found: stored.RunningExecution) -> "RunningExecution":
        """One that is stored."""
        run = found.run
        return cls.model_validate(
            {
                "id": run.id,
                "workflowId": run.workflow_id,
                "scheduleId": found.schedule_id,
                "scheduleName": found.schedule_name,
                "status": run.status,
                "trigger": run.trigger,
                "startedAt": run.started_at,
                "elapsed": found.elapsed,
                "usualDuration": found.usual_duration,
                "stepsDone": found.steps_done,
                "stepsTotal": found.steps_total,
                "current": [CurrentStep.of(each) for each in found.current],
            }
        )
