"""The secrets that webhooks' messages are signed with, and the signature, by Standard Webhooks (v1).

A secret is `whsec_` and base64 of 24 to 64 bytes. No error here has any of it in its text.
"""

import base64
import binascii
import hashlib
import hmac
import os
from pathlib import Path
from typing import Final

from quarterjack.storage import IdSource, QuarterjackError
from quarterjack.storage.webhook_records import SecretSource

PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64
_LONGEST_FILE: Final = 1_000
_FORM: Final = f"write {PREFIX} and base64 of {_SHORTEST} to {_LONGEST} bytes"


class SecretMissing(QuarterjackError):
    """What a webhook's messages are to be signed with is not where it was said to be."""


def new_secret(ids: IdSource) -> str:
    """A secret of 32 bytes with the randomness of three new ids, which is more."""
    given = "".join(ids.new("key") for _ in range(3))
    return PREFIX + base64.b64encode(hashlib.sha256(given.encode()).digest()).decode()


def key_of(secret: str) -> bytes:
    """The bytes that a secret stands for. Raises `ValueError`.

    >>> len(key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    24
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"it is no base64; {_FORM}") from None
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(_FORM)
    return key


def resolved(source: SecretSource) -> bytes:
    """The key to sign with. Blocks when it is in a file; raises `SecretMissing`."""
    match source.kind:
        case "stored":
            found, where = source.value, "the stored secret"
        case "env":
            where = f"the environment variable {source.value}"
            found = os.environ.get(source.value, "")
        case "file":
            where = f"the file {source.value}"
            found = _read(source.value)
    if not found:
        raise SecretMissing(f"{where} is not there, or empty")
    try:
        return key_of(found.strip())
    except ValueError as error:
        raise SecretMissing(f"{where} holds no secret: {error}") from None


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature`."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _read(path: str) -> str:
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            return ""
        with Path(path).open("rb") as file:
            return file.read(_LONGEST_FILE).decode("ascii", "replace")
    except OSError:
        return ""
