"""Arguments and options that name something on a server; while one types, the shell offers what there is."""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem

from .server_options import quick_client

if TYPE_CHECKING:
    from ..client import Client

PATIENCE: Final = 2.0
"""Seconds that the server may take while somebody waits with the finger on the key."""
_OFFERED: Final = 100


class NameType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """Taken as it stands; what it names is found out by `names`."""

    def offers(self, client: "Client", begin: str) -> Iterable[CompletionItem]:
        """What could be meant."""
        raise NotImplementedError

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del param
        try:
            with quick_client(ctx.params, PATIENCE) as client:
                return list(islice(self.offers(client, incomplete), _OFFERED))
        except Exception:
            return []  # whatever is wrong: nobody wants to read it in the middle of a line


class ScheduleType(NameType):
    """A schedule's name or id."""

    name = "schedule"

    def offers(self, client: "Client", begin: str) -> Iterable[CompletionItem]:
        from quarterjack.storage.queries import PageRequest, ScheduleFilter

        small = begin.casefold()
        for each in client.list_schedules(ScheduleFilter(text=begin), PageRequest(500)).all():
            if each.name.casefold().startswith(small):
                yield CompletionItem(each.name, help=each.workflow_id)
            elif each.id.startswith(begin):
                yield CompletionItem(each.id, help=each.name)


class WorkflowType(NameType):
    """A workflow's id."""

    name = "workflow"

    def offers(self, client: "Client", begin: str) -> Iterable[CompletionItem]:
        from quarterjack.storage.queries import PageRequest

        for each in client.list_workflows(PageRequest(500)).all():
            if each.id.startswith(begin):
                yield CompletionItem(each.id, help=each.description)


class ExecutionType(NameType):
    """An execution's id, the beginning of it, or `last`."""

    name = "execution"

    def offers(self, client: "Client", begin: str) -> Iterable[CompletionItem]:
        from quarterjack.storage.queries import ExecutionFilter, PageRequest

        if "last".startswith(begin):
            yield CompletionItem("last", help="the newest")
        for each in client.list_executions(ExecutionFilter(), PageRequest(500)).get().items:
            if each.id.startswith(begin):
                yield CompletionItem(each.id, help=f"{each.workflow_id}, {each.status.value}")
