"""Begins the steps of one execution, each kind in its own way, and ends mapped steps with their items.

Decides on the ledger and writes into a turn; nothing is done before the turn is stored.
"""

import sys
from datetime import datetime
from typing import Any

from quarterjack.storage import (
    Awaited,
    Execution,
    ExecutionId,
    ExecutionStatus,
    Failure,
    IdSource,
    NotPlainData,
    Retry,
    RunOptions,
    StepKey,
    StepStatus,
    WorkflowId,
)
from quarterjack.storage.plain_data import Packed, pack, pack_list, unpack

from .execution_events import error_data, step_event
from .runner import AttemptKey
from .step import AwaitEvent, RunWorkflow, Sleep, Step, index_of, step_of
from .step_attempts import StepAttempts
from .step_ledger import StepLedger, StepState
from .turn import Turn
from .workflow import Workflow

MOST_ITEMS = 10_000
_NULL = pack(None)


class StepStarts:
    """Of one execution of a workflow; `result_limit` bounds what a step may come to, in bytes."""

    def __init__(
        self,
        execution: Execution,
        workflow: Workflow,
        ledger: StepLedger,
        attempts: StepAttempts,
        ids: IdSource,
        result_limit: int,
    ) -> None:
        self._execution = execution
        self._workflow = workflow
        self._ledger = ledger
        self._attempts = attempts
        self._ids = ids
        self._result_limit = result_limit

    def begin_ready(self, turn: Turn, now: datetime) -> None:
        """Begin all that can begin; what ends at once makes way for what comes after it."""
        self.end_groups(turn, now)
        while names := self._ledger.ready():
            for name in names:
                self.begin(name, turn, now)
            self.end_groups(turn, now)

    def begin(self, name: str, turn: Turn, now: datetime) -> None:
        """Begin a step, an item, or another attempt of one."""
        step = self._workflow.steps[step_of(name)]
        if step.mapped is not None and index_of(name) is None:
            self._expand(step, turn, now)
        elif step.wait is not None:
            self._wait(name, step, turn, now)
        else:
            turn.changes.append(self._ledger.begin(name, now))
            self._tell("started", name, turn, now)
            number = self._ledger[name].number
            turn.submitted.append(AttemptKey(self._execution.id, name, number))

    def begin_handler(self, turn: Turn, now: datetime) -> bool:
        """Begin the failure handler, unless there is none or it has ended; whether it was begun."""
        handler = self._workflow.failure_handler
        state = None if handler is None else self._ledger.get(handler.name)
        if handler is None or (state is not None and state.has_ended):
            return False
        self.begin(handler.name, turn, now)
        return True

    def restore_groups(self, turn: Turn, now: datetime) -> None:
        """After the ledger was loaded: the items of mapped steps, from where they came from."""
        for state in self._ledger.groups():
            items = self._items(self._workflow.steps[state.name])
            if isinstance(items, Failure):
                self._fail(state.name, items, turn, now)
            else:
                self._ledger.expand(state.name, items)

    def end_groups(self, turn: Turn, now: datetime) -> None:
        """End the mapped steps whose items have all ended."""
        for state in self._ledger.ended_groups():
            self._end_group(state.name, self._ledger.items(state.name), turn, now)

    # Each kind

    def _expand(self, step: Step, turn: Turn, now: datetime) -> None:
        items = self._items(step)
        change = self._ledger.begin(step.name, now)
        self._tell("started", step.name, turn, now)
        if isinstance(items, Failure):
            self._fail(step.name, items, turn, now)
            return
        turn.changes.append(change)
        self._ledger.expand(step.name, items)

    def _wait(self, name: str, step: Step, turn: Turn, now: datetime) -> None:
        match step.wait:
            case Sleep(span):
                awaited = Awaited(wake_at=now + span)
            case AwaitEvent(event, key):
                awaited = Awaited(self._deadline(step, now), event, self._event_key(key))
            case RunWorkflow(workflow_id):
                params = self._child_params(name, step)
                if (error := _too_large(params, f"the parameters of {workflow_id}")) is not None:
                    self._ledger.begin(name, now)
                    self._tell("started", name, turn, now)
                    self._fail(name, error, turn, now)
                    return
                child = self._child(name, workflow_id, params, now)
                turn.children.append(child)
                awaited = Awaited(self._deadline(step, now), child_id=child.id)
            case _:
                raise TypeError(f"{step.wait!r} is no way to wait")
        turn.changes.append(self._ledger.wait(name, now, awaited))
        self._tell("started", name, turn, now)

    def _deadline(self, step: Step, now: datetime) -> datetime | None:
        return None if step.timeout is None else now + step.timeout

    def _event_key(self, source: str | None) -> str:
        if source is None:
            return ""
        value = self._value(source)
        return value if isinstance(value, str) else str(value)

    def _value(self, source: str) -> Any:
        """What a step returned, or a parameter of the run is."""
        if source in self._workflow.steps:
            return unpack(self._ledger.result_of(source) or _NULL)
        return self._execution.params.get(source)

    def _child_params(self, name: str, step: Step) -> dict[str, Any]:
        values = self._ledger.arguments(name)
        params = {each: unpack(value) for each, value in values.items()}
        for parameter in step.parameters:
            if parameter.name not in params and parameter.source in self._execution.params:
                params[parameter.name] = self._execution.params[parameter.source]
        return params

    def _child(
        self, name: str, workflow_id: WorkflowId, params: dict[str, Any], now: datetime
    ) -> Execution:
        begun = self._ledger.get(name)
        number = 1 if begun is None else begun.number + 1
        return Execution(
            id=ExecutionId(self._ids.new("exe")),
            workflow_id=workflow_id,
            schedule_id=None,
            status=ExecutionStatus.QUEUED,
            trigger=self._execution.trigger,
            scheduled_time=self._execution.scheduled_time,
            due=None,
            queued_at=now,
            priority=self._execution.priority,
            params=params,
            context=self._execution.context,
            options=RunOptions(retry=self._execution.options.retry),
            parent=StepKey(self._execution.id, name),
            chain=self._execution.lineage,
            traceparent=self._attempts.traceparent(name, number),
        )

    # Mapped steps

    def _items(self, step: Step) -> list[Packed] | Failure:
        assert step.mapped is not None
        mapped = step.mapped.parameter
        source = next(each.source for each in step.parameters if each.name == mapped)
        value = self._value(source)
        if not isinstance(value, list):
            return Failure(
                "NotAList",
                f"map takes the items of {source!r}, which must be a list, "
                f"but is a {type(value).__name__}",
            )
        if len(value) > MOST_ITEMS:
            return Failure(
                "TooManyItems",
                f"{source!r} has {len(value):,} items; a map takes {MOST_ITEMS:,} at most, "
                "so pass them in portions",
            )
        return [pack(item, largest=sys.maxsize) for item in value]

    def _end_group(self, name: str, items: list[StepState], turn: Turn, now: datetime) -> None:
        bad = [
            item for item in items if item.status not in (StepStatus.SUCCEEDED, StepStatus.SKIPPED)
        ]
        if bad:
            first = bad[0].attempts[-1].error or Failure("Failed", "")
            text = f"{len(bad):,} of {len(items):,} items failed; the first, {bad[0].name}: "
            self._fail(name, first._replace(message=text + first.message), turn, now)
            return
        result = pack_list([item.result or _NULL for item in items])
        if len(result) > self._result_limit:
            problem = NotPlainData.too_large(
                f"the results of {name}", len(result), self._result_limit
            )
            self._fail(name, _failure(problem), turn, now)
            return
        turn.changes.append(self._ledger.succeed(name, now, result))
        began = self._ledger[name].attempts[-1].started_at
        data = {"duration": (now - began).total_seconds(), "resultSize": len(result)}
        self._tell("completed", name, turn, now, data)

    def _fail(self, name: str, error: Failure, turn: Turn, now: datetime) -> None:
        change, _ = self._ledger.fail(name, now, error, Retry())
        turn.changes.append(change)
        began = self._ledger[name].attempts[-1].started_at
        data = {"duration": (now - began).total_seconds(), "error": error_data(error)}
        self._tell("failed", name, turn, now, data)

    def _tell(
        self, what: str, name: str, turn: Turn, now: datetime, data: dict[str, Any] | None = None
    ) -> None:
        turn.events.append(step_event(self._execution, what, now, self._ledger[name], data or {}))


def _too_large(params: dict[str, Any], root: str) -> Failure | None:
    """What is wrong with the parameters of an execution that a step begins."""
    try:
        pack(params, root=root)
    except NotPlainData as error:
        return _failure(error)
    return None


def _failure(problem: NotPlainData) -> Failure:
    return Failure(type(problem).__name__, str(problem))
