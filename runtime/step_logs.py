"""What the attempts of a step wrote and logged: stored with those that have ended, live with the others."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quarterjack.actors.environment import Environment
from quarterjack.actors.runner import AttemptKey
from quarterjack.actors.step import Step, step_of
from quarterjack.storage import Execution, ExecutionId, NotFound
from quarterjack.storage.database import Reader
from quarterjack.storage.instants import from_micros
from quarterjack.storage.outputs import StepOutputs, outputs
from quarterjack.storage.plain_data import Packed, unpack
from quarterjack.storage.queries import execution


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of `stdout` or `stderr`, or a record of the `log` with its level and logger."""

    at: datetime
    stream: str
    level: str
    logger: str
    text: str


@dataclass(frozen=True, slots=True)
class AttemptLog:
    """What one attempt wrote: the last 64 kB, after `dropped` bytes that are not kept."""

    number: int
    running: bool
    dropped: int
    lines: list[LogLine]


def stored_logs(reader: Reader, key: ExecutionId, step: str) -> tuple[Execution, StepOutputs]:
    """The execution and what is stored of the step. Raises `NotFound`."""
    return execution(reader, key), outputs(reader, key, step)


def logs_of(
    found: tuple[Execution, StepOutputs], step: str, environment: Environment
) -> list[AttemptLog]:
    """The logs of a step's attempts. Raises `NotFound` for a step that nobody knows."""
    run, stored = found
    workflow = environment.workflows.get(run.workflow_id)
    definition = None if workflow is None else workflow.steps.get(step_of(step))
    if definition is None and not stored.has_begun:
        raise NotFound("step", step)
    logs = []
    for number, has_ended, output in stored.attempts:
        running = not has_ended and run.ended_at is None
        if running and definition is not None:
            output = _live(AttemptKey(run.id, step, number), definition, environment)
        logs.append(_log(number, running, output))
    return logs


def _live(key: AttemptKey, step: Step, environment: Environment) -> Packed | None:
    return None if step.wait is not None else environment.runner_of(step).output(key)


def _log(number: int, running: bool, output: Packed | None) -> AttemptLog:
    found: dict[str, Any] = {"dropped": 0, "lines": []} if output is None else unpack(output)
    lines = [
        LogLine(from_micros(at), stream, level, logger, text)
        for at, stream, level, logger, text in found["lines"]
    ]
    return AttemptLog(number, running, found["dropped"], lines)
