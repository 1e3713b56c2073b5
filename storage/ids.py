"""Names of things: what their ids look like, and where new ones come from.

Every new id comes from an `IdSource`, so that a whole run can be a function of its seed.
"""

import random
import re
import secrets
from typing import NewType, Protocol

ScheduleId = NewType("ScheduleId", str)
ExecutionId = NewType("ExecutionId", str)
WorkflowId = NewType("WorkflowId", str)
BackfillId = NewType("BackfillId", str)
BootId = NewType("BootId", str)
TokenId = NewType("TokenId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 20
_SECRET_LENGTH = 36
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class IdSource(Protocol):
    """Where new ids come from."""

    def new(self, prefix: str) -> str:
        """A new id such as `sch_4k2…`, never given before."""
        ...

    def secret(self, prefix: str) -> str:
        """A text such as `qj_7fw…` that nobody can guess: 180 random bits."""
        ...


class RandomIds:
    """Ids of 100 random bits in Crockford's base 32, from the operating system."""

    def new(self, prefix: str) -> str:
        """A new id such as `sch_4k2…`.

        >>> RandomIds().new("sch").startswith("sch_")
        True
        """
        return f"{prefix}_{_base32(secrets.randbits(5 * _LENGTH), _LENGTH)}"

    def secret(self, prefix: str) -> str:
        """A text such as `qj_7fw…`, from the operating system's randomness."""
        return f"{prefix}_{_base32(secrets.randbits(5 * _SECRET_LENGTH), _SECRET_LENGTH)}"


class SeededIds:
    """Ids that are a function of the seed, for tests and simulation.

    >>> SeededIds(7).new("exe") == SeededIds(7).new("exe")
    True
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def new(self, prefix: str) -> str:
        """The next id of this seed's sequence."""
        return f"{prefix}_{_base32(self._random.getrandbits(5 * _LENGTH), _LENGTH)}"

    def secret(self, prefix: str) -> str:
        """The next text of this seed's sequence: no secret at all."""
        bits = self._random.getrandbits(5 * _SECRET_LENGTH)
        return f"{prefix}_{_base32(bits, _SECRET_LENGTH)}"


def is_id(text: str) -> bool:
    """Whether it can be an id: 1 to 64 letters, digits, `_` or `-`.

    >>> is_id("sch_demo-dst-watch"), is_id("../etc")
    (True, False)
    """
    return _ID.fullmatch(text) is not None


def _base32(bits: int, length: int) -> str:
    return "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(0, 5 * length, 5))
