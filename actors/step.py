"""A step of a workflow, as it was defined: what it does, what it needs, and how it is run."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from quarterjack.storage import Retry, WorkflowId

from .policies.step_graph import RunIf


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a step's function, and whose value it takes: a step's or the run's."""

    name: str
    required: bool
    source: str
    secret: bool = False
    """Whether it is annotated as a `Secret`."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The step runs once for each item of a list, which one parameter takes in turn."""

    parameter: str
    concurrency: int | None
    """How many items at once; None: as many as the runner takes."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait so long."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class AwaitEvent:
    """Wait for an event; its payload is the step's result."""

    event: str
    key: str | None
    """The step or parameter of the run whose value, as text, is the key that the event must have."""


@dataclass(frozen=True, slots=True)
class RunWorkflow:
    """Run another workflow and wait for its end; its result is the step's."""

    workflow_id: WorkflowId


Wait = Sleep | AwaitEvent | RunWorkflow


@dataclass(frozen=True)
class Step:
    """One step. A step with a `wait` has no function to call; it holds no worker while it waits."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    after: tuple[str, ...] = ()
    retry: Retry | None = None
    timeout: timedelta | None = None
    """For each attempt."""
    total_timeout: timedelta | None = None
    """For all attempts together, with the waits between them."""
    runner: str | None = None
    run_if: RunIf = RunIf.SUCCESS
    when: Callable[..., Any] | None = None
    """Called like the function, before it; false: the step is skipped."""
    when_parameters: tuple[Parameter, ...] = ()
    mapped: Mapped | None = None
    memory: int | None = None
    """Bytes that an attempt may take beyond what its worker has (runner `process` only)."""
    wait: Wait | None = None
    handles_failure: bool = False
    """Whether it is its workflow's failure handler."""

    @cached_property
    def is_coroutine(self) -> bool:
        """Whether the function is an `async def`."""
        return inspect.iscoroutinefunction(self.function)

    @property
    def wants_context(self) -> bool:
        """Whether the function has a parameter `ctx`."""
        return any(parameter.name == "ctx" for parameter in self.parameters)

    @property
    def sources(self) -> Iterator[tuple[str, bool]]:
        """The names that it takes values from, and whether it can't do without that value."""
        for parameter in (*self.parameters, *self.when_parameters):
            if parameter.name != "ctx":
                yield parameter.source, parameter.required
        if isinstance(self.wait, AwaitEvent) and self.wait.key is not None:
            yield self.wait.key, True


def item_name(step: str, index: int) -> str:
    """What an item of a mapped step is called.

    >>> item_name("load", 3)
    'load[3]'
    """
    return f"{step}[{index}]"


def step_of(run: str) -> str:
    """The step that an item, or the step itself, belongs to.

    >>> step_of("load[3]"), step_of("load")
    ('load', 'load')
    """
    return run.partition("[")[0]


def index_of(run: str) -> int | None:
    """Which item it is, from 0; None for a step itself.

    >>> index_of("load[3]"), index_of("load")
    (3, None)
    """
    _, bracket, rest = run.partition("[")
    return int(rest[:-1]) if bracket else None
