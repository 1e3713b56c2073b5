"""Hands the attempts of an execution's steps to the runners that they belong on."""

from collections.abc import Callable
from typing import Any

from quarterjack.storage import Execution, Retry
from quarterjack.storage.plain_data import Packed

from .environment import Environment
from .runner import AttemptKey, StepTask
from .step import Step, step_of
from .step_ledger import StepLedger, StepState
from .workflow import Workflow


class StepAttempts:
    """Of one execution of a workflow; runners report with `report`, from any thread."""

    def __init__(
        self,
        environment: Environment,
        execution: Execution,
        workflow: Workflow,
        report: Callable[[Any], None],
    ) -> None:
        self._environment = environment
        self._execution = execution
        self._workflow = workflow
        self._report = report

    def step(self, name: str) -> Step:
        """The definition of a step, or of the one that an item belongs to."""
        return self._workflow.steps[step_of(name)]

    def key(self, step: StepState) -> AttemptKey:
        """The step's present attempt."""
        return AttemptKey(self._execution.id, step.name, step.number)

    def retry_of(self, name: str) -> Retry:
        """How a step is retried: by its own rule, else by its schedule's, else not.

        The schedule's is not for steps that wait; those of a sub-workflow have it themselves.
        """
        step = self.step(name)
        usual = self._execution.options.retry if step.wait is None else None
        return step.retry or usual or Retry()

    def submit(self, key: AttemptKey, ledger: StepLedger) -> None:
        """Have a runner run an attempt that is recorded."""
        execution, step = self._execution, self.step(key.step)
        task = StepTask(
            key=key,
            step=step,
            workflow_id=execution.workflow_id,
            schedule_id=execution.schedule_id,
            scheduled_time=execution.scheduled_time,
            trigger=execution.trigger,
            params=execution.params,
            context=execution.context,
            results=ledger.arguments(key.step),
            failures=dict(ledger.failures()),
            result_limit=self._environment.result_limit,
            traceparent=self.traceparent(key.step, key.number),
        )
        self._environment.runner_of(step).submit(task, self._report)

    def traceparent(self, name: str, number: int) -> str | None:
        """The trace context for what an attempt begins."""
        return self._environment.traces.handed_on(self._execution, name, number)

    def cancel(self, key: AttemptKey) -> None:
        """Ask the runner to end an attempt."""
        self._environment.runner_of(self.step(key.step)).cancel(key)

    def output(self, key: AttemptKey) -> Packed | None:
        """What an attempt that is under way has written so far."""
        return self._environment.runner_of(self.step(key.step)).output(key)

    def in_flight(self, key: AttemptKey) -> bool:
        """Whether a runner has the attempt and has not reported its end."""
        return self._environment.runner_of(self.step(key.step)).in_flight(key)
