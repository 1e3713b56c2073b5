"""Encrypts secret parameters with the newest of the server's keys, and decrypts what any of them made.

A key file has a Fernet key on each line, the newest first; empty lines and those with `#` are left out.
"""

import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from quarterjack.actors.secret_params import SecretUnavailable
from quarterjack.storage import QuarterjackError

logger = logging.getLogger("quarterjack.vault")
_LARGEST_FILE: Final = 65_536
_OTHERS: Final = stat.S_IRWXO


class WrongKeyFile(QuarterjackError):
    """The key file can't be read or written, or is none; the message says why."""


class Keyring:
    """At least one key; the first one encrypts."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._fernet.encrypt(b"")  # the first time takes ten milliseconds: not later, on the loop

    @classmethod
    def read(cls, path: Path) -> "Keyring":
        """The keys of a file. Blocks; raises `WrongKeyFile`, whose message has none of them."""
        keys = _lines(path)
        try:
            return cls(keys)
        except ValueError:
            raise WrongKeyFile(
                f"{path}: it has no key, or one that is none; make one with `quarterjack secret-key`"
            ) from None

    def seal(self, text: str) -> str:
        """The text, encrypted."""
        return self._fernet.encrypt(text.encode()).decode()

    def unsealed(self, sealed: str) -> str:
        """What was encrypted. Raises `SecretUnavailable`."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SecretUnavailable(
                "can't be decrypted: the key that it was encrypted with is not in the server's key "
                "file; put the key back, or give the value again"
            ) from None


def make_key_file(path: Path) -> None:
    """A new file with a new key, for its owner only. Raises `WrongKeyFile`, also when it exists."""
    try:
        _write_new(path, [Fernet.generate_key().decode()])
    except FileExistsError:
        raise WrongKeyFile(f"{path}: it is there already; --rotate puts a new key first") from None
    except OSError as error:
        raise WrongKeyFile(f"{path}: {error.strerror}") from None


def rotate_key_file(path: Path) -> None:
    """Put a new key before those that are there. Raises `WrongKeyFile`."""
    Keyring.read(path)
    keys = [Fernet.generate_key().decode(), *_lines(path)]
    beside = path.with_name(f".{path.name}.new")
    try:
        _write_new(beside, keys)
        beside.replace(path)
    except OSError as error:
        raise WrongKeyFile(f"{error.filename}: {error.strerror}") from None


def _write_new(path: Path, keys: Iterable[str]) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as opened:
        opened.writelines(f"{key}\n" for key in keys)
        opened.flush()
        os.fsync(file)


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            raw = opened.read(_LARGEST_FILE)
    except OSError as error:
        raise WrongKeyFile(f"{path}: {error.strerror}") from None
    if mode & _OTHERS:
        logger.warning("%s can be read by every user of the machine; use chmod 600", path)
    lines = raw.decode("ascii", "replace").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
