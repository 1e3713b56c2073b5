"""A secret value as a step gets it: hard to show by accident, easy to use on purpose.

It is an object of its own and no `str`: text would go its way through `+`, `"".join`, `json.dumps` and
msgpack without anybody noticing, while this is refused there. What formats it (`print`, f-strings, `%`,
`repr`, logging) gets `***`; only `reveal` gives the text.
"""

import hmac
from typing import Any, Final, NoReturn

MASK: Final = "***"
"""What is shown in place of a secret."""


class Secret:
    """A text that is not shown.

    >>> password = Secret("correct horse")
    >>> f"{password} {password!r} %s" % password
    "*** Secret('***') ***"
    >>> password.reveal()
    'correct horse'
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text, for whoever it is meant for."""
        return self.__text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.__text.encode())

    def __hash__(self) -> int:
        return hash(self.__text)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: Any) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret is not pickled; reveal it where it is used")
