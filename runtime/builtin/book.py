"""The workflows that a runtime knows: its user's, and the built-in ones that are switched on."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from quarterjack.actors.workflow import Workflow, WorkflowDefinitionError
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import WorkflowId

from ..vault.server_vault import vault_of
from .host_rules import HostRules
from .names import COMMAND, HTTP

if TYPE_CHECKING:
    from ..settings import Settings

RESERVED: Final = "quarterjack."
"""What the names of built-in workflows, and no others, begin with."""


def book_of(workflows: Iterable[Workflow], settings: "Settings") -> WorkflowBook:
    """Raises `WorkflowDefinitionError`, also for a user's workflow with a built-in one's name.

    And `InvalidInput` for a wrong key file.
    """
    given = WorkflowBook(workflows)
    for name in given:
        if name.startswith(RESERVED):
            raise WorkflowDefinitionError(
                name, f"only built-in workflows have names that begin with {RESERVED!r}; rename it"
            )
    made = [make(settings) for option, (_, make) in _BUILTIN.items() if option in settings.builtins]
    off = {
        WorkflowId(name): f"it is built in; switch it on with --builtin {option}"
        for option, (name, _) in _BUILTIN.items()
        if option not in settings.builtins
    }
    return WorkflowBook([*given.values(), *made], hints=off, vault=vault_of(settings))


def _command(_: "Settings") -> Workflow:
    from .command import command_workflow

    return command_workflow()


def _http(settings: "Settings") -> Workflow:
    from .http_request import http_workflow

    return http_workflow(HostRules(settings.http_allowed_hosts, settings.http_allow_private))


_BUILTIN: Final[Mapping[str, tuple[str, Callable[["Settings"], Workflow]]]] = {
    "command": (COMMAND, _command),
    "http": (HTTP, _http),
}
