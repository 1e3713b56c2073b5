"""What bash is offered: names with spaces and the like are escaped, so that they stay one word."""

import re
from typing import Final

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

_PLAIN: Final = "plain"


class EscapingBashComplete(BashComplete):
    """As click has it, for words of any signs."""

    def format_completion(self, item: CompletionItem) -> str:
        value = escaped(item.value) if item.type == _PLAIN else item.value
        return f"{item.type},{value}"


def escaped(text: str) -> str:
    """The text as it is typed in bash.

    >>> print(escaped("Nightly report (eu)"))
    Nightly\\ report\\ \\(eu\\)
    """
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)


def register() -> None:
    """Have it used."""
    add_completion_class(EscapingBashComplete, "bash")
