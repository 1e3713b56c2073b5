"""The names of the built-in workflows, for those who don't need the workflows themselves."""

from typing import Final

COMMAND: Final = "quarterjack.command"
HTTP: Final = "quarterjack.http"
