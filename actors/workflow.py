"""A workflow as a user defines it: a graph of steps, written as functions.

A parameter named like a step *is* the dependency, as with pytest's fixtures. Other parameters are
parameters of the run, or `ctx`. Wrong definitions raise `WorkflowDefinitionError` at import.

    report = Workflow("daily-report")

    @report.step
    def extract(region: str) -> dict: ...       # `region`: a parameter of the run

    @report.step(retry=Retry(attempts=3, backoff="2s"), timeout="30s")
    def load(extract: dict, ctx) -> int: ...    # runs after `extract`, gets its result
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, Final, TypeVar, overload

from quarterjack.storage import QuarterjackError, Retry, WorkflowId
from quarterjack.storage.durations import parse_duration

from .policies.step_graph import GraphError, check_acyclic

Function = TypeVar("Function", bound=Callable[..., Any])
RUNNERS: Final = ("thread", "async", "inline")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class WorkflowDefinitionError(QuarterjackError):
    """A workflow is not defined right; `step` and `parameter` say where."""

    def __init__(
        self, workflow: str, problem: str, *, step: str | None = None, parameter: str | None = None
    ) -> None:
        self.workflow = workflow
        self.step = step
        self.parameter = parameter
        place = f"workflow {workflow!r}" + (f", step {step!r}" if step else "")
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a step's function."""

    name: str
    required: bool


@dataclass(frozen=True)
class Step:
    """One step: its function, and how it is run."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    after: tuple[str, ...]
    retry: Retry | None
    timeout: timedelta | None
    runner: str | None

    @property
    def wants_context(self) -> bool:
        """Whether the function has a parameter `ctx`."""
        return any(parameter.name == "ctx" for parameter in self.parameters)


class Workflow:
    """A named graph of steps.

    `name` is its id on the wire: letters, digits, `_`, `.`, `-`; at most 100 of them.
    """

    def __init__(self, name: str, *, description: str = "") -> None:
        if not _NAME.fullmatch(name):
            raise WorkflowDefinitionError(
                name, "a name is 1 to 100 letters, digits, '_', '.' or '-', the first no sign"
            )
        self.id: Final = WorkflowId(name)
        self.description = description
        self._steps: dict[str, Step] = {}

    def __repr__(self) -> str:
        return f"<Workflow {self.id!r} with {len(self._steps)} steps>"

    @overload
    def step(self, function: Function, /) -> Function: ...

    @overload
    def step(
        self,
        /,
        *,
        name: str | None = None,
        after: tuple[str, ...] = (),
        retry: Retry | None = None,
        timeout: str | float | timedelta | None = None,
        runner: str | None = None,
    ) -> Callable[[Function], Function]: ...

    def step(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        after: tuple[str, ...] = (),
        retry: Retry | None = None,
        timeout: str | float | timedelta | None = None,
        runner: str | None = None,
    ) -> Any:
        """Make a function a step, as `@workflow.step` or `@workflow.step(…)`; it stays callable.

        `name` is the function's by default; `after` names steps that must be done first though no
        result of theirs is wanted; `timeout` is for each attempt; `runner` is one of `RUNNERS`
        (by default `async` for `async def`, else the server's).
        """

        def define(function: Function) -> Function:
            self._add(name or function.__name__, function, after, retry, timeout, runner)
            return function

        return define if function is None else define(function)

    @property
    def steps(self) -> Mapping[str, Step]:
        """The steps by name, in the order of definition."""
        return self._steps

    @cached_property
    def depends_on(self) -> Mapping[str, tuple[str, ...]]:
        """Step → the steps that must be done before it. Checked: no cycle, no unknown name."""
        self._check()
        return {name: self._needs(step) for name, step in self._steps.items()}

    @cached_property
    def run_parameters(self) -> Mapping[str, bool]:
        """The parameters of a run, and whether some step can't do without."""
        found: dict[str, bool] = {}
        for step in self._steps.values():
            for parameter in step.parameters:
                if parameter.name not in self._steps and parameter.name != "ctx":
                    known = found.get(parameter.name, False)
                    found[parameter.name] = known or parameter.required
        return found

    def check_params(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What is wrong with a run's parameters, as pairs of name and sentence."""
        wrong = [
            (name, f"is required by workflow {self.id!r}")
            for name, required in self.run_parameters.items()
            if required and name not in params
        ]
        known = ", ".join(self.run_parameters) or "none"
        wrong.extend(
            (name, f"is no parameter of workflow {self.id!r} (it has: {known})")
            for name in params
            if name not in self.run_parameters
        )
        return wrong

    def _needs(self, step: Step) -> tuple[str, ...]:
        named = [each.name for each in step.parameters if each.name in self._steps]
        return tuple(dict.fromkeys([*named, *step.after]))

    def _add(
        self,
        name: str,
        function: Callable[..., Any],
        after: tuple[str, ...],
        retry: Retry | None,
        timeout: str | float | timedelta | None,
        runner: str | None,
    ) -> None:
        if not _NAME.fullmatch(name) or name == "ctx":
            raise self._wrong("that can't be a step's name; use letters, digits, '_'", step=name)
        if name in self._steps:
            raise self._wrong("there is a step of that name already; rename one", step=name)
        if runner is not None and runner not in RUNNERS:
            known = ", ".join(RUNNERS)
            raise self._wrong(f"there is no runner {runner!r}; there are {known}", step=name)
        if runner == "thread" and inspect.iscoroutinefunction(function):
            raise self._wrong("an async def runs in the runner 'async', not 'thread'", step=name)
        if runner == "async" and not inspect.iscoroutinefunction(function):
            raise self._wrong("the runner 'async' wants an async def", step=name)
        self.__dict__.pop("depends_on", None)
        self.__dict__.pop("run_parameters", None)
        self._steps[name] = Step(
            name,
            function,
            self._parameters(name, function),
            tuple(after),
            retry,
            self._timeout(name, timeout),
            runner,
        )
        self._check_acyclic()

    def _timeout(self, step: str, given: str | float | timedelta | None) -> timedelta | None:
        if given is None:
            return None
        try:
            span = parse_duration(given)
        except ValueError as error:
            raise self._wrong(f"timeout: {error}", step=step) from None
        if not span:
            raise self._wrong("timeout: it must be longer than 0", step=step)
        return span

    def _parameters(self, step: str, function: Callable[..., Any]) -> tuple[Parameter, ...]:
        found = []
        for each in inspect.signature(function).parameters.values():
            if each.kind in _VARIADIC:
                sign = "*" if each.kind is inspect.Parameter.VAR_POSITIONAL else "**"
                raise self._wrong(
                    f"parameter {sign}{each.name}: name each parameter, "
                    "because the names say what a step depends on",
                    step=step,
                    parameter=each.name,
                )
            if each.kind is inspect.Parameter.POSITIONAL_ONLY:
                raise self._wrong(
                    f"parameter {each.name!r} is positional-only; remove the '/'",
                    step=step,
                    parameter=each.name,
                )
            if each.name == step:
                raise self._wrong(
                    f"parameter {each.name!r} is the step itself; rename one of them",
                    step=step,
                    parameter=each.name,
                )
            found.append(Parameter(each.name, each.default is inspect.Parameter.empty))
        return tuple(found)

    def _check(self) -> None:
        if not self._steps:
            raise self._wrong("it has no steps; decorate a function with @workflow.step")
        for step in self._steps.values():
            for name in step.after:
                if name not in self._steps:
                    raise self._wrong(
                        f"after names {name!r}, which is no step", step=step.name, parameter="after"
                    )

    def _check_acyclic(self) -> None:
        try:
            check_acyclic({name: self._needs(step) for name, step in self._steps.items()})
        except GraphError as error:
            raise self._wrong(str(error), step=error.circle[0], parameter=error.circle[1]) from None

    def _wrong(
        self, problem: str, *, step: str | None = None, parameter: str | None = None
    ) -> WorkflowDefinitionError:
        return WorkflowDefinitionError(self.id, problem, step=step, parameter=parameter)
