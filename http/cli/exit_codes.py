"""With what commands end, so that scripts can tell; docs/commands.md has this table."""

from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """What a command says to the shell."""

    DONE = 0
    FAILED = 1
    """Not done, or not all of it: refused by the server, or a file or line is wrong."""
    USAGE = 2
    """The command line is wrong, or a name on it could be several things."""
    NOT_FOUND = 3
    NO_SERVER = 4
    """None could be reached there."""
    NOT_ALLOWED = 5
    """A token is needed, or another one."""
    UNSUCCESSFUL = 10
    """What was waited for has failed, timed out or was cancelled."""
    INTERRUPTED = 130
    """By Ctrl-C."""


MEANINGS: Final = {
    ExitCode.DONE: "done, or nothing to do",
    ExitCode.FAILED: "not done, or not all of it: the server refused it, a file or line is wrong",
    ExitCode.USAGE: "the command line is wrong, or a name on it could be several things",
    ExitCode.NOT_FOUND: "what was named is not there; of `apply --dry-run`: there is something to do",
    ExitCode.NO_SERVER: "no server could be reached",
    ExitCode.NOT_ALLOWED: "the server wants a token, or one that may do more",
    ExitCode.UNSUCCESSFUL: "of `--wait`: the execution failed, timed out or was cancelled",
    ExitCode.INTERRUPTED: "ended by Ctrl-C",
}
