"""One way to read an amount of bytes: a number, or text with a unit."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_FORM = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*(?:([kMG])i?B?|B)?\s*", re.ASCII)
_UNITS = {None: 1, "k": 2**10, "M": 2**20, "G": 2**30}


def parse_size(value: object) -> int:
    """Bytes from a number, or from text such as `"512MB"`.

    Raises `ValueError` with a sentence that says what is accepted.

    >>> parse_size("512MB"), parse_size("1.5 kB"), parse_size(1000)
    (536870912, 1536, 1000)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    form = _FORM.fullmatch(value) if isinstance(value, str) else None
    if form is None:
        raise ValueError(f"{value!r:.40} is no size; write bytes, or '512MB', '2GB'")
    return int(float(form[1]) * _UNITS[form[2]])


Size = Annotated[int, BeforeValidator(parse_size)]
