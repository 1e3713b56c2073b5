"""`quarterjack actors`: the supervision tree as it is, or live."""

import threading
from typing import Final, NoReturn

import click
from rich.console import Group
from rich.live import Live

from ...client import Client
from ..help_text import examples
from ..options import option
from ..server_options import server_options
from .actor_tree import ALIKE, fitting_lines, tree_lines
from .listing import print_items
from .screen import Screen, screen

_BETWEEN: Final = 1.0
"""Seconds between two looks."""


@click.command(
    epilog=examples(
        "quarterjack actors",
        "quarterjack actors --follow",
        "quarterjack actors --all --json",
    )
)
@option("--follow", is_flag=True, help="Show it live, until Ctrl-C.")
@option("--all", "everything", is_flag=True, help="Each actor, also where many are alike.")
@server_options
def actors(client: Client, follow: bool, everything: bool, as_json: bool) -> None:
    """Show the actors of the server as a tree: each below the supervisor that restarts it.

    Of each its state, how many messages wait in its mailbox, how many it has handled, how often it
    was restarted, and its last error. Of many children that have nothing to tell, only the first are
    shown, unless with --all.
    """
    if as_json:
        if follow:
            raise click.UsageError("--follow is for people; leave out --json")
        print_items(client.actors().get())
        return
    there = screen()
    if follow:
        _follow(client, there)
    quiet = None if everything or not there.is_terminal else ALIKE
    there.print(tree_lines(client.actors().get(), there.width, quiet))


def _follow(client: Client, there: Screen) -> NoReturn:
    if not there.is_terminal:
        raise click.UsageError("--follow needs a terminal; leave it out to have the tree once")
    pause, before = threading.Event(), dict[str, int]()
    with Live(console=there.console, auto_refresh=False, transient=True) as live:
        while True:
            found = client.actors().get()
            size = there.console.size
            lines = fitting_lines(found, size.width, size.height - 1, before)
            live.update(Group(*lines), refresh=True)
            before = {each.path: each.handled for each in found}
            pause.wait(_BETWEEN)
