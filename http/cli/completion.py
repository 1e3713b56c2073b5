"""`quarterjack completion`: what a shell needs to complete commands, options and names."""

from typing import Final

import click

from .help_text import examples

_SHELLS: Final = ("bash", "zsh", "fish")
COMPLETE: Final = "_QUARTERJACK_COMPLETE"
"""The variable by which a shell asks for completions."""


@click.command(
    epilog=examples(
        "source <(quarterjack completion bash)",
        "quarterjack completion bash > ~/.local/share/bash-completion/completions/quarterjack",
        "quarterjack completion zsh > ~/.zfunc/_quarterjack",
        "quarterjack completion fish > ~/.config/fish/completions/quarterjack.fish",
    )
)
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print a script that lets SHELL complete the commands, their options, and names.

    Names of schedules, workflows and executions come from the server that --url or QUARTERJACK_URL
    says; if it does not answer at once, there are none.
    """
    from click.shell_completion import get_completion_class

    from .main import main

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(main, {}, "quarterjack", COMPLETE).source())
