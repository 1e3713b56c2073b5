"""An execution as it goes on, until it has ended: drawn over on a terminal, else a line for each change."""

from quarterjack.storage.statuses import FINAL

from ...client import Client
from ...shapes.executions import ExecutionDetail
from ..execution_view import ExecutionView
from ..following import Followed, follow
from ..step_words import end_words
from .execution_detail import error_texts
from .screen import Screen, safe


def follow_execution(client: Client, key: str, there: Screen) -> None:
    """Show it until it has ended, and how it did."""
    view = ExecutionView(there.console, key)
    with view.drawn():
        found = follow(client, followed(client, key), view, None)
    there.print_folded(safe(f"{key} {end_words(found)}"))
    for text in error_texts(found):
        there.print_folded(text)


def followed(client: Client, key: str) -> Followed[ExecutionDetail]:
    """What is looked at: the execution, until it has ended."""
    return Followed(
        look=lambda: client.get_execution(key).get(),
        is_over=lambda found: found.status in FINAL,
        topic="execution:*",
        key=key,
    )
