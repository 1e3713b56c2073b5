"""Where references to secrets may lead: environment variables by name, files below certain folders.

Who may give parameters could else read the server's environment and files. Values are read whenever a
step starts, so one that is changed there needs no restart. Everything here that reads files blocks.
"""

import os
import stat
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from quarterjack.actors.secret_params import LONGEST, Reference, SecretUnavailable, text_problem

PREFIX: Final = "QUARTERJACK_SECRET_"
"""Environment variables with such names are always allowed."""
_OPTIONS: Final = frozenset({f"{PREFIX}{option}" for option in ("KEY_FILE", "ENV", "DIR")})
"""Those names are the server's own options."""


class AllowedPlaces:
    """`names` are patterns such as `SMTP_*`, `folders` absolute paths."""

    def __init__(
        self,
        names: Iterable[str] = (),
        folders: Iterable[Path] = (),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._names = (f"{PREFIX}*", *names)
        self._folders = tuple(folders)
        self._environ = environ

    def refusal(self, reference: Reference) -> str | None:
        """Why that place is not allowed; None: it is, as far as its name says."""
        if reference.kind == "env":
            name = reference.name
            if name not in _OPTIONS and any(fnmatchcase(name, each) for each in self._names):
                return None
            return (
                f"the environment variable {name!r:.100} is not one that may be used; names that "
                f"begin with {PREFIX} are, and those that the server's --secret-env allows"
            )
        path = reference.name
        if os.path.normpath(path) == path and "\0" not in path and self._is_below(path):
            return None
        return (
            f"the file {reference.name!r:.200} is not one that may be used; give an absolute path "
            "below a folder that the server's --secret-dir allows"
        )

    def looked_up(self, reference: Reference) -> str:
        """The value that is there. Raises `SecretUnavailable`, which names the reference."""
        if refusal := self.refusal(reference):
            raise SecretUnavailable(refusal)
        if reference.kind == "env":
            value = self._environ.get(reference.name)
            if value is None:
                raise SecretUnavailable(f"the {reference} is not set in the server's environment")
        else:
            value = self._content(reference)
        if problem := text_problem(value):
            raise SecretUnavailable(f"the {reference}: {problem}")
        return value

    def _is_below(self, path: str) -> bool:
        return any(Path(path) != each and Path(path).is_relative_to(each) for each in self._folders)

    def _content(self, reference: Reference) -> str:
        """Without the line break at its end."""
        try:
            raw = _read(self._real(reference))
        except OSError as error:
            raise SecretUnavailable(f"the {reference} can't be read: {error.strerror}") from None
        if len(raw) > LONGEST:
            raise SecretUnavailable(f"the {reference} has more than {LONGEST:,} bytes")
        try:
            return raw.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise SecretUnavailable(f"the {reference} is no UTF-8 text") from None

    def _real(self, reference: Reference) -> str:
        """The path without links, which must not lead out of the folder."""
        real = os.path.realpath(reference.name, strict=True)
        folders = (os.path.realpath(each) for each in self._folders if each.exists())
        if not any(Path(real).is_relative_to(each) for each in folders):
            raise SecretUnavailable(
                f"the {reference} is a link that leads out of the folders that --secret-dir allows"
            )
        return real


def _read(path: str) -> bytes:
    """A file of which no part has become a link meanwhile; no device, pipe or folder."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(0, "it is no file")
        if os.path.realpath(path, strict=True) != path:
            raise OSError(0, "it was moved while it was read")
        return opened.read(LONGEST + 1)


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for processes that are to get secrets only as parameters, if at all.

    >>> without_secrets({"HOME": "/root", "QUARTERJACK_SECRET_SMTP": "x", "QUARTERJACK_TOKEN": "y"})
    {'HOME': '/root'}
    """
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(PREFIX) and name != "QUARTERJACK_TOKEN"
    }
