"""Where a worker process finds the workflows again: by importing the modules that define them.

A function is not sent to a process: the worker imports its module and takes the step from the
workflow there. So workflow and functions must be at the top level of a module that can be imported.
Raises `WorkflowDefinitionError`, with what to do, for those that are not.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from quarterjack.actors.step import Step
from quarterjack.actors.workflow import Workflow, WorkflowDefinitionError
from quarterjack.storage import WorkflowId

PROCESS: Final = "process"
_MAIN: Final = ("__main__", "__mp_main__")


@dataclass(frozen=True, slots=True)
class Modules:
    """What a worker imports, in this order, and the workflows that it must find there."""

    names: tuple[str, ...]
    workflow_ids: tuple[WorkflowId, ...]


def modules_of(workflows: Iterable[Workflow], default_runner: str) -> Modules:
    """The modules of the workflows that have steps for a process. Raises `WorkflowDefinitionError`."""
    names: dict[str, None] = {}
    found: list[WorkflowId] = []
    holders: Mapping[int, str] | None = None
    for workflow in workflows:
        steps = [step for step in workflow.steps.values() if runs_in_process(step, default_runner)]
        if not steps:
            continue
        for step in steps:
            _check_functions(workflow, step)
        if holders is None:
            holders = _holders()
        names[_home(workflow, steps[0], holders)] = None
        # A step may be added to a workflow by another module than the workflow's own.
        names |= dict.fromkeys(_function(step.function).__module__ for step in steps)
        found.append(workflow.id)
    return Modules(tuple(names), tuple(found))


def runs_in_process(step: Step, default_runner: str) -> bool:
    """Whether the runner `process` gets this step."""
    if step.wait is not None:
        return False
    if step.runner is None:
        return default_runner == PROCESS and not step.is_coroutine
    return step.runner == PROCESS


def workflows_of(module: ModuleType) -> Iterator[Workflow]:
    """The workflows in a module's names, and in its lists and maps."""
    for value in list(vars(module).values()):
        if isinstance(value, Workflow):
            yield value
        elif isinstance(value, list | tuple | set | frozenset):
            yield from (each for each in value if isinstance(each, Workflow))
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, Workflow))


def _check_functions(workflow: Workflow, step: Step) -> None:
    for what, function in (("it", step.function), ("its `when`", step.when)):
        if function is not None and (problem := _problem(_function(function))):
            raise WorkflowDefinitionError(
                workflow.id,
                f"{what} can't run in a process: {problem}. Move the function to the top level of "
                'a module that can be imported, or give the step runner="thread"',
                step=step.name,
            )


def _problem(function: Callable[..., Any]) -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    if function.__module__ in _MAIN:
        return f"{name!r} is defined in the program's main module, which workers don't import"
    if "<lambda>" in name:
        return "it is a lambda"
    if "<locals>" in name:
        return f"{name!r} is defined inside another function"
    return ""


def _home(workflow: Workflow, step: Step, holders: Mapping[int, str]) -> str:
    home = holders.get(id(workflow))
    if home is None:
        raise WorkflowDefinitionError(
            workflow.id,
            "it can't run in a process: no imported module has this Workflow as a top-level name, "
            "so workers can't find it. Define it at the top level of a module that can be "
            'imported, or give its steps runner="thread"',
            step=step.name,
        )
    return home


def _holders() -> dict[int, str]:
    """Object → the module that it is found in; the module that made it, if that is known."""
    found: dict[int, str] = {}
    for name, module in list(sys.modules.items()):
        if name not in _MAIN and isinstance(module, ModuleType):
            for workflow in workflows_of(module):
                modules = {_function(step.function).__module__ for step in workflow.steps.values()}
                if id(workflow) not in found or name in modules:
                    found[id(workflow)] = name
    return found


def _function(given: Callable[..., Any]) -> Callable[..., Any]:
    """What a `functools.partial` calls."""
    while isinstance(given, functools.partial):
        given = given.func
    return given
