"""The definitions of workflows as they are answered."""

from quarterjack.actors import step as definitions
from quarterjack.actors.workflow import Workflow as Defined
from quarterjack.storage import Retry

from .shape import Seconds, Shape


class Parameter(Shape):
    """A parameter of a run."""

    name: str
    required: bool
    secret: bool
    """Whether its value is never shown."""


class WaitsFor(Shape):
    """What a step without code waits for: one of these."""

    sleep: Seconds | None = None
    event: str | None = None
    key: str | None = None
    """The step or parameter whose value is the key that the event must have."""
    workflow_id: str | None = None


class StepDefinition(Shape):
    """A step; durations in seconds."""

    name: str
    depends_on: list[str]
    timeout: Seconds | None
    total_timeout: Seconds | None
    retry: Retry | None
    runner: str | None
    memory: int | None
    run_if: str
    conditional: bool
    map: str | None
    """The parameter that takes the items of a list in turn."""
    concurrency: int | None
    waits_for: WaitsFor | None
    failure_handler: bool

    @classmethod
    def of(cls, found: definitions.Step, depends_on: tuple[str, ...]) -> "StepDefinition":
        """A step as its author wrote it."""
        mapped = found.mapped
        return cls.model_validate(
            {
                "name": found.name,
                "dependsOn": list(depends_on),
                "timeout": found.timeout,
                "totalTimeout": found.total_timeout,
                "retry": found.retry,
                "runner": found.runner,
                "memory": found.memory,
                "runIf": found.run_if.value,
                "conditional": found.when is not None,
                "map": None if mapped is None else mapped.parameter,
                "concurrency": None if mapped is None else mapped.concurrency,
                "waitsFor": _wait(found.wait),
                "failureHandler": found.handles_failure,
            }
        )


class Workflow(Shape):
    """The definition of a workflow."""

    id: str
    description: str
    max_concurrency: int | None
    rate_limit: str | None
    """Such as `10/min`."""
    params: list[Parameter]
    steps: list[StepDefinition]

    @classmethod
    def of(cls, found: Defined) -> "Workflow":
        """A workflow that the server has."""
        params, secrets = found.run_parameters.items(), found.secrets.names
        return cls(
            id=found.id,
            description=found.description,
            max_concurrency=found.max_concurrency,
            rate_limit=None if found.rate_limit is None else str(found.rate_limit),
            params=[
                Parameter(name=name, required=required, secret=name in secrets)
                for name, required in params
            ],
            steps=[
                StepDefinition.of(step, found.depends_on[step.name])
                for step in found.steps.values()
            ],
        )


def _wait(found: definitions.Wait | None) -> WaitsFor | None:
    match found:
        case definitions.Sleep(span):
            return WaitsFor(sleep=span.total_seconds())
        case definitions.AwaitEvent(event, key):
            return WaitsFor(event=event, key=key)
        case definitions.RunWorkflow(workflow_id):
            return WaitsFor(workflow_id=workflow_id)
    return None
