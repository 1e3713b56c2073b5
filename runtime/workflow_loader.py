"""Finds workflows by name: `MODULE` for all that a module holds, `MODULE:ATTR` for one or a list."""

import importlib
from collections.abc import Iterable
from types import ModuleType

from quarterjack.actors.workflow import Workflow
from quarterjack.storage import QuarterjackError


class WorkflowsNotLoaded(QuarterjackError):
    """There are no workflows under that name; the message says why."""

    def __init__(self, target: str, problem: str) -> None:
        self.target = target
        super().__init__(f"{target}: {problem}")


def load_workflows(target: str) -> list[Workflow]:
    """The workflows of `MODULE[:ATTR]`. Imports the module, so it runs that module's code.

    Raises `WorkflowsNotLoaded` naming module and attribute, and `WorkflowDefinitionError` for a
    workflow that is not defined right.
    """
    name, _, attribute = target.partition(":")
    module = _imported(target, name)
    if attribute:
        return _of_attribute(target, module, attribute)
    found = [value for value in vars(module).values() if isinstance(value, Workflow)]
    if not found:
        raise WorkflowsNotLoaded(target, f"the module {name!r} holds no Workflow")
    return list(dict.fromkeys(found))


def _imported(target: str, name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise WorkflowsNotLoaded(target, "write MODULE or MODULE:ATTR, such as jobs.nightly:report")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise WorkflowsNotLoaded(
            target, f"there is no module {error.name!r} (looked for from the current folder)"
        ) from error
    except QuarterjackError:
        raise
    except Exception as error:
        raise WorkflowsNotLoaded(
            target, f"importing {name!r} failed: {type(error).__name__}: {error}"
        ) from error


def _of_attribute(target: str, module: ModuleType, attribute: str) -> list[Workflow]:
    try:
        value: object = getattr(module, attribute)
    except AttributeError:
        raise WorkflowsNotLoaded(
            target, f"the module {module.__name__!r} has no {attribute!r}"
        ) from None
    if isinstance(value, Workflow):
        return [value]
    if isinstance(value, Iterable):
        found = list(value)
        if found and all(isinstance(each, Workflow) for each in found):
            return found
    raise WorkflowsNotLoaded(
        target, f"{attribute!r} is a {type(value).__name__}, not a Workflow or a list of them"
    )
