"""Which parameters of a workflow's runs are secret, as its definition says. Pure.

Secret are those that the workflow names, those that a step takes as `Secret`, and those that go into a
secret parameter of a sub-workflow. A definition in which a secret would be stored in plain is refused.
"""

import inspect
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

from quarterjack.storage import WorkflowId

from .secret import Secret
from .step import AwaitEvent, Parameter, RunWorkflow, Step

_NAMED: Final = re.compile(r"\bSecret\b")


class SecretPlaces(NamedTuple):
    """Parameters of a run."""

    names: frozenset[str] = frozenset()
    """Whose values are secret."""
    maps: frozenset[str] = frozenset()
    """That are maps, of which any value may be a reference to a secret."""


class WrongSecret(Exception):
    """What is wrong with a secret; `step` and `parameter` say where."""

    def __init__(self, problem: str, step: str | None, parameter: str) -> None:
        self.step = step
        self.parameter = parameter
        super().__init__(problem)


def secret_places(
    given: SecretPlaces,
    steps: Mapping[str, Step],
    children: Mapping[WorkflowId, SecretPlaces],
) -> SecretPlaces:
    """All of them; `given` are those that the workflow names. Raises `WrongSecret`."""
    names, maps = set(given.names), set(given.maps)
    for step, parameter in _parameters(steps):
        inner = _inner(step, children)
        if parameter.secret or parameter.name in inner.names:
            _refuse_unfit(step, parameter, steps)
            names.add(parameter.source)
        elif parameter.name in inner.maps and parameter.source not in steps:
            maps.add(parameter.source)
    _refuse_unknown(names | maps, steps)
    if both := names & maps:
        raise WrongSecret("is secret as a whole and a map with secrets", None, min(both))
    for step in steps.values():
        _refuse_shown(step, names, _inner(step, children))
    return SecretPlaces(frozenset(names), frozenset(maps))


def takes_secret(parameter: inspect.Parameter, function: Callable[..., Any]) -> bool:
    """Whether a parameter is annotated as `Secret`, or `Secret | None`.

    Raises `TypeError` for an annotation that can't be read but speaks of secrets.
    """
    annotation = parameter.annotation
    if isinstance(annotation, str):
        annotation = _evaluated(annotation, function)
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        if Secret in get_args(annotation):
            return True
    elif annotation is Secret:
        return True
    if _speaks_of_secrets(annotation):
        raise TypeError(f"a secret is one text: write Secret or Secret | None, not {annotation}")
    return False


def _speaks_of_secrets(annotation: Any) -> bool:
    return annotation is Secret or any(map(_speaks_of_secrets, get_args(annotation)))


def _evaluated(annotation: str, function: Callable[..., Any]) -> Any:
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return eval(annotation, {"Secret": Secret, **scope})
    except Exception:  # it may name what is imported for type checkers only
        if _NAMED.search(annotation):
            raise TypeError(
                f"the annotation {annotation!r:.60} can't be read; write Secret or Secret | None"
            ) from None
        return None


def _parameters(steps: Mapping[str, Step]) -> Iterator[tuple[Step, Parameter]]:
    for step in steps.values():
        for parameter in (*step.parameters, *step.when_parameters):
            yield step, parameter


def _inner(step: Step, children: Mapping[WorkflowId, SecretPlaces]) -> SecretPlaces:
    """The places of the workflow that the step runs."""
    return children[step.wait.workflow_id] if isinstance(step.wait, RunWorkflow) else SecretPlaces()


def _refuse_unfit(step: Step, parameter: Parameter, steps: Mapping[str, Step]) -> None:
    if step.mapped is not None and step.mapped.parameter == parameter.name:
        told = "takes the items of a list, and a secret is one text"
        raise WrongSecret(f"{parameter.name!r} is secret, but {told}", step.name, parameter.name)
    if parameter.source in steps:
        told = f"takes the result of {parameter.source!r}, which is stored as it is"
        raise WrongSecret(f"{parameter.name!r} is secret, but {told}", step.name, parameter.name)


def _refuse_unknown(names: Iterable[str], steps: Mapping[str, Step]) -> None:
    known = {source for step in steps.values() for source, _ in step.sources}
    for name in sorted(names):
        if name in steps:
            raise WrongSecret(f"{name!r} is a step; only parameters can be secret", None, name)
        if name not in known:
            raise WrongSecret(f"{name!r} is secret, but no step has that parameter", None, name)


def _refuse_shown(step: Step, names: set[str], inner: SecretPlaces) -> None:
    """Where the value would be stored in plain."""
    for parameter in step.parameters:
        if parameter.source not in names:
            continue
        if step.mapped is not None and step.mapped.parameter == parameter.name:
            told = f"map takes the items of {parameter.source!r}, which is secret: one text"
            raise WrongSecret(told, step.name, parameter.name)
        if isinstance(step.wait, RunWorkflow) and parameter.name not in inner.names:
            told = f"{parameter.source!r} is secret, but {parameter.name!r} of "
            told += f"{step.wait.workflow_id!r} is not; mark it there, too"
            raise WrongSecret(told, step.name, parameter.name)
    if isinstance(step.wait, AwaitEvent) and step.wait.key in names:
        told = f"key: {step.wait.key!r} is secret, and the keys of events are stored as they are"
        raise WrongSecret(told, step.name, "key")
