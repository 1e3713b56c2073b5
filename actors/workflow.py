"""A workflow as a user defines it: a graph of steps, written as functions.

A parameter named like a step *is* the dependency, as with pytest's fixtures. Other parameters are
parameters of the run, or `ctx`. Wrong definitions raise `WorkflowDefinitionError` at import.

    report = Workflow("daily-report")

    @report.step
    def extract(region: str) -> dict: ...       # `region`: a parameter of the run

    @report.step(retry=Retry(attempts=3, backoff="2s"), timeout="30s")
    def load(extract: dict, ctx) -> int: ...    # runs after `extract`, gets its result
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, TypedDict, TypeVar, Unpack, overload

from quarterjack.storage import QuarterjackError, Retry, WorkflowId

from . import step_definition as check
from .policies.rate import Rate
from .policies.step_graph import GraphError, Node, RunIf, check_acyclic
from .secret_params import checkable
from .secret_places import SecretPlaces, WrongSecret, secret_places
from .step import AwaitEvent, Parameter, RunWorkflow, Sleep, Step
from .step_definition import Span, WrongStep

Function = TypeVar("Function", bound=Callable[..., Any])
ParamsCheck = Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
"""Says what is wrong with the values of a run's parameters, as pairs of name and sentence."""


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


class StepOptions(TypedDict, total=False):
    """What `@workflow.step(…)` can be told; see there."""

    name: str | None
    after: tuple[str, ...]
    retry: Retry | None
    timeout: Span | None
    total_timeout: Span | None
    runner: str | None
    run_if: str
    when: Callable[..., Any] | None
    map: Mapping[str, str] | None
    concurrency: int | None
    memory: str | int | None


class Workflow:
    """A named graph of steps.

    `name` is its id on the wire: letters, digits, `_`, `.`, `-`; at most 100 of them. `params_check`
    looks at the parameters of a run whose names are right, before it is recorded.
    `max_concurrency` executions of it run at once, whatever began them; `rate_limit`, such as
    `"10/min"`, says how many start in which time. `secrets` names parameters that are secret, besides
    those that steps take as `Secret`; `secret_maps` such as are maps, whose values may be references
    to secrets.
    """

    def __init__(
        self,
        name: str,
        *,
        description: str = "",
        params_check: ParamsCheck | None = None,
        max_concurrency: int | None = None,
        rate_limit: str | None = None,
        secrets: Iterable[str] = (),
        secret_maps: Iterable[str] = (),
    ) -> None:
        if not check.NAME.fullmatch(name):
            raise WorkflowDefinitionError(
                name, "a name is 1 to 100 letters, digits, '_', '.' or '-', the first no sign"
            )
        self.id: Final = WorkflowId(name)
        self.description = description
        self._params_check = params_check
        self.max_concurrency: Final = self._checked_concurrency(max_concurrency)
        self.rate_limit: Final = self._checked_rate(rate_limit)
        self._steps: dict[str, Step] = {}
        self._children: dict[WorkflowId, Workflow] = {}
        self._secrets = SecretPlaces(frozenset(secrets), frozenset(secret_maps))

    def __repr__(self) -> str:
        return f"<Workflow {self.id!r} with {len(self._steps)} steps>"

    # What is written down

    @overload
    def step(self, function: Function, /) -> Function: ...

    @overload
    def step(self, /, **options: Unpack[StepOptions]) -> Callable[[Function], Function]: ...

    def step(
        self, function: Callable[..., Any] | None = None, /, **options: Unpack[StepOptions]
    ) -> Any:
        """Make a function a step, as `@workflow.step` or `@workflow.step(…)`; it stays callable.

        - `name` is the function's by default.
        - `after` names steps that must be done first though no result of theirs is wanted.
        - `retry` says how often it is tried; `timeout` is for each attempt, `total_timeout` for all
          of them with the waits in between.
        - `runner` is `process`, `thread`, `async` or `inline` (by default `async` for `async def`,
          else the server's); `memory` (bytes, or `"512MB"`) is what an attempt in a process may
          take.
        - `run_if` is `success`, `always` (also when those before it failed) or `on_failure`.
        - `when` is a function of steps' results and parameters; if it is false, the step is
          skipped.
        - `map={"item": "items"}` runs it for each item of the list that the step or parameter
          `items` is, at most `concurrency` at once; its result is the list of results, in order.
        """

        def define(function: Function) -> Function:
            self._define(function, False, options)
            return function

        return define if function is None else define(function)

    @overload
    def on_failure(self, function: Function, /) -> Function: ...

    @overload
    def on_failure(self, /, **options: Unpack[StepOptions]) -> Callable[[Function], Function]: ...

    def on_failure(
        self, function: Callable[..., Any] | None = None, /, **options: Unpack[StepOptions]
    ) -> Any:
        """Make a function the failure handler: a step that runs when the execution has failed.

        Also when it has timed out, not when it was cancelled. `ctx.failures` says what failed;
        parameters named like steps take their results, or None. Options as of `step`.
        """

        def define(function: Function) -> Function:
            self._define(function, True, options)
            return function

        return define if function is None else define(function)

    def sleep(self, span: Span, *, name: str = "sleep", after: tuple[str, ...] = ()) -> None:
        """A step that waits so long, holds nothing meanwhile, and outlives restarts."""
        with self._names(name):
            length = check.checked_span("sleep", span)
            if length is None:
                raise WrongStep("sleep: say how long")
            self._add(Step(name, _nothing, (), tuple(after), wait=Sleep(length)))

    def wait_for_event(
        self,
        event: str,
        *,
        name: str | None = None,
        key: str | None = None,
        timeout: Span | None = None,
        after: tuple[str, ...] = (),
    ) -> None:
        """A step that waits for an event; its result is the event's payload.

        `key` names the step or parameter whose value, as text, the event's key must be; without it
        an event without a key is waited for. After `timeout` the step has timed out. The step is
        called like the event, unless `name` says otherwise.
        """
        name = event if name is None else name
        with self._names(name):
            check.checked_event(event)
            span = check.checked_span("timeout", timeout)
            self._add(
                Step(name, _nothing, (), tuple(after), timeout=span, wait=AwaitEvent(event, key))
            )

    def subworkflow(
        self,
        workflow: "Workflow",
        *,
        params: Mapping[str, str] | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        """A step that runs another workflow as an execution of its own; its result is the step's.

        The other's parameters take the values of the steps and parameters that are called like
        them, or that `params` names for them. Options as of `step`; the step is called like the
        workflow (with `_` for `-` and `.`).
        """
        name = options.get("name") or workflow.id.replace("-", "_").replace(".", "_")
        with self._names(name):
            if workflow is self or self.id in workflow.reachable:
                raise WrongStep(f"{workflow.id!r} runs this workflow: that would never end")
            for wrong in ("runner", "memory", "when"):
                if options.get(wrong) is not None:
                    raise WrongStep(f"{wrong}: the other workflow's steps have their own")
            given = dict(params or {})
            if unknown := given.keys() - workflow.run_parameters.keys():
                raise WrongStep(
                    f"{workflow.id!r} has no parameter {min(unknown)!r}", parameter=min(unknown)
                )
            mapped, items = check.checked_map(
                options.get("map"), options.get("concurrency"), set(workflow.run_parameters)
            )
            sources = given | items
            self._children[workflow.id] = workflow
            self._add(
                Step(
                    name,
                    _nothing,
                    tuple(
                        Parameter(each, required, sources.get(each, each))
                        for each, required in workflow.run_parameters.items()
                    ),
                    mapped=mapped,
                    wait=RunWorkflow(workflow.id),
                    **self._how(options),
                )
            )

    # What was written down

    @property
    def steps(self) -> Mapping[str, Step]:
        """The steps by name, in the order of definition."""
        return self._steps

    @property
    def reachable(self) -> Mapping[WorkflowId, "Workflow"]:
        """The workflows that this one's steps run, directly or not."""
        found = dict(self._children)
        for child in self._children.values():
            found |= child.reachable
        return found

    @property
    def failure_handler(self) -> Step | None:
        """The step that runs when the execution has failed, if there is one."""
        return next((step for step in self._steps.values() if step.handles_failure), None)

    @cached_property
    def graph(self) -> Mapping[str, Node]:
        """The steps with what each needs. Checked: no cycle, no unknown name."""
        self._check()
        return {name: self._node(step) for name, step in self._steps.items()}

    @cached_property
    def depends_on(self) -> Mapping[str, tuple[str, ...]]:
        """Step → the steps that must have ended before it."""
        return {name: node.needs for name, node in self.graph.items()}

    @cached_property
    def run_parameters(self) -> Mapping[str, bool]:
        """The parameters of a run, and whether some step can't do without."""
        found: dict[str, bool] = {}
        for step in self._steps.values():
            for name, required in step.sources:
                if name not in self._steps:
                    found[name] = found.get(name, False) or required
        return found

    @cached_property
    def secrets(self) -> SecretPlaces:
        """Which of them are secret."""
        children = {key: child.secrets for key, child in self._children.items()}
        try:
            return secret_places(self._secrets, self._steps, children)
        except WrongSecret as error:
            raise self._wrong(str(error), step=error.step, parameter=error.parameter) from None

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
        if not wrong and self._params_check is not None:
            wrong.extend(self._params_check(checkable(self.secrets, params)))
        return wrong

    # How it is checked

    def _checked_concurrency(self, given: int | None) -> int | None:
        if given is None or (type(given) is int and given >= 1):
            return given
        raise self._wrong("max_concurrency: it must be 1 or more", parameter="max_concurrency")

    def _checked_rate(self, given: str | None) -> Rate | None:
        try:
            return None if given is None else Rate.parse(given)
        except ValueError as error:
            raise self._wrong(f"rate_limit: {error}", parameter="rate_limit") from None

    def _define(
        self, function: Callable[..., Any], handles_failure: bool, options: StepOptions
    ) -> None:
        name = options.get("name") or function.__name__
        with self._names(name):
            runner = check.checked_runner(options.get("runner"), function)
            names = {each.name for each in check.parameters_of(name, function)}
            mapped, items = check.checked_map(options.get("map"), options.get("concurrency"), names)
            when = options.get("when")
            how = self._how(options)
            if handles_failure:
                if self.failure_handler is not None:
                    raise WrongStep("there is a failure handler already")
                how["run_if"] = RunIf.ON_FAILURE
            self._add(
                Step(
                    name,
                    function,
                    check.parameters_of(name, function, items),
                    runner=runner,
                    when=when,
                    when_parameters=() if when is None else check.parameters_of(name, when, items),
                    mapped=mapped,
                    memory=check.checked_memory(options.get("memory"), runner),
                    handles_failure=handles_failure,
                    **how,
                )
            )

    def _how(self, options: StepOptions) -> dict[str, Any]:
        """The options that steps of every kind have."""
        return {
            "after": tuple(options.get("after", ())),
            "retry": options.get("retry"),
            "timeout": check.checked_span("timeout", options.get("timeout")),
            "total_timeout": check.checked_span("total_timeout", options.get("total_timeout")),
            "run_if": check.checked_run_if(options.get("run_if", RunIf.SUCCESS)),
        }

    def _add(self, step: Step) -> None:
        check.checked_name(step.name)
        if step.name in self._steps:
            raise WrongStep("there is a step of that name already; rename one")
        for cached in ("graph", "depends_on", "run_parameters", "secrets"):
            self.__dict__.pop(cached, None)
        self._steps[step.name] = step
        try:
            check_acyclic({name: self._node(each).needs for name, each in self._steps.items()})
        except GraphError as error:
            raise self._wrong(str(error), step=error.circle[0], parameter=error.circle[1]) from None

    def _node(self, step: Step) -> Node:
        sources = {name: required for name, required in step.sources if name in self._steps}
        others = [name for name in self._steps if name != step.name] if step.handles_failure else []
        needs = tuple(dict.fromkeys([*sources, *step.after, *others]))
        required = frozenset(name for name, needed in sources.items() if needed)
        return Node(needs, required, step.run_if)

    def _check(self) -> None:
        if not any(not step.handles_failure for step in self._steps.values()):
            raise self._wrong("it has no steps; decorate a function with @workflow.step")
        for step in self._steps.values():
            for name in step.after:
                if name not in self._steps:
                    raise self._wrong(
                        f"after names {name!r}, which is no step", step=step.name, parameter="after"
                    )
        _ = self.secrets

    @contextmanager
    def _names(self, step: str) -> Iterator[None]:
        """Errors inside name the workflow and the step."""
        try:
            yield
        except WrongStep as error:
            raise self._wrong(str(error), step=step, parameter=error.parameter) from None

    def _wrong(
        self, problem: str, *, step: str | None = None, parameter: str | None = None
    ) -> WorkflowDefinitionError:
        return WorkflowDefinitionError(self.id, problem, step=step, parameter=parameter)


def _nothing() -> None:
    """The function of steps that call none."""
