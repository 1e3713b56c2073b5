"""Reads what a decorator was given, and makes the step of it; what is wrong is said in one sentence.

Raises `WrongStep`; the workflow adds its own name and the step's.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from quarterjack.storage.durations import parse_duration
from quarterjack.storage.event_names import LONGEST_NAME, reserved_problem
from quarterjack.storage.sizes import parse_size

from .policies.step_graph import RunIf
from .secret_places import takes_secret
from .step import Mapped, Parameter

Span = str | float | timedelta

RUNNERS: Final = ("process", "thread", "async", "inline")
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class WrongStep(Exception):
    """What is wrong with a step; `parameter` says where."""

    def __init__(self, problem: str, parameter: str | None = None) -> None:
        self.parameter = parameter
        super().__init__(problem)


def checked_name(name: str) -> str:
    """A step's name."""
    if not NAME.fullmatch(name) or name == "ctx":
        raise WrongStep("that can't be a step's name; use letters, digits, '_'")
    return name


def checked_runner(runner: str | None, function: Callable[..., Any]) -> str | None:
    """A runner that can run the function."""
    if runner is not None and runner not in RUNNERS:
        raise WrongStep(f"there is no runner {runner!r}; there are {', '.join(RUNNERS)}")
    coroutine = inspect.iscoroutinefunction(function)
    if runner not in (None, "async") and coroutine:
        raise WrongStep(f"an async def runs in the runner 'async', not {runner!r}")
    if runner == "async" and not coroutine:
        raise WrongStep("the runner 'async' wants an async def")
    return runner


def checked_span(name: str, given: Span | None) -> timedelta | None:
    """A duration longer than nothing, if one was given."""
    if given is None:
        return None
    try:
        span = parse_duration(given)
    except ValueError as error:
        raise WrongStep(f"{name}: {error}") from None
    if not span:
        raise WrongStep(f"{name}: it must be longer than 0")
    return span


def checked_event(name: str) -> str:
    """The name of an event that a step can wait for."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise WrongStep(f"an event's name has 1 to {LONGEST_NAME} characters", "event")
    if problem := reserved_problem(name):
        raise WrongStep(problem, "event")
    return name


def checked_memory(given: str | int | None, runner: str | None) -> int | None:
    """A number of bytes, if one was given.

    >>> checked_memory("512MB", None)
    536870912
    """
    if given is None:
        return None
    if runner not in (None, "process"):
        raise WrongStep(f"memory: only the runner 'process' can limit it, not {runner!r}")
    try:
        size = parse_size(given)
    except ValueError as error:
        raise WrongStep(f"memory: {error}") from None
    if size < 2**20:
        raise WrongStep("memory: it must be 1 MB or more")
    return size


def checked_run_if(given: str) -> RunIf:
    """One of `RunIf`."""
    try:
        return RunIf(given)
    except ValueError:
        known = ", ".join(repr(each.value) for each in RunIf)
        raise WrongStep(f"run_if: there is no {given!r}; there are {known}") from None


def checked_map(
    given: Mapping[str, str] | None, concurrency: int | None, names: set[str]
) -> tuple[Mapped | None, dict[str, str]]:
    """Which parameter takes the items, and the name of the list that it takes them from."""
    if given is None:
        if concurrency is not None:
            raise WrongStep("concurrency: it bounds the items of a map, so give map, too")
        return None, {}
    if len(given) != 1:
        raise WrongStep("map: give one parameter and the list it takes its items from", "map")
    ((parameter, source),) = given.items()
    if parameter not in names:
        raise WrongStep(f"map: the function has no parameter {parameter!r}", parameter)
    if concurrency is not None and concurrency < 1:
        raise WrongStep("concurrency: it must be 1 or more")
    return Mapped(parameter, concurrency), {parameter: source}


def parameters_of(
    step: str, function: Callable[..., Any], sources: Mapping[str, str] | None = None
) -> tuple[Parameter, ...]:
    """The parameters of a function; `sources` has those that take another name's value."""
    found, sources = [], sources or {}
    for each in inspect.signature(function).parameters.values():
        if each.kind in _VARIADIC:
            sign = "*" if each.kind is inspect.Parameter.VAR_POSITIONAL else "**"
            raise WrongStep(
                f"parameter {sign}{each.name}: name each parameter, "
                "because the names say what a step depends on",
                each.name,
            )
        if each.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise WrongStep(
                f"parameter {each.name!r} is positional-only; remove the '/'", each.name
            )
        source = sources.get(each.name, each.name)
        if source == step:
            raise WrongStep(f"parameter {each.name!r} is the step itself; rename one", each.name)
        required = each.default is inspect.Parameter.empty
        found.append(Parameter(each.name, required, source, _is_secret(each, function)))
    return tuple(found)


def _is_secret(parameter: inspect.Parameter, function: Callable[..., Any]) -> bool:
    try:
        return takes_secret(parameter, function)
    except TypeError as error:
        raise WrongStep(f"parameter {parameter.name!r}: {error}", parameter.name) from None
