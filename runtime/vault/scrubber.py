"""Takes the values of secrets out of what a step writes, raises and returns: `***` stands there instead.

Found is the text as it is, as `repr`, JSON, addresses and base64 have it, and each longer line of it.
"""

import base64
import json
import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

from quarterjack.actors.runner import StepTask
from quarterjack.actors.secret import MASK
from quarterjack.storage import Failure

_SHORTEST_LINE: Final = 8
"""Characters of a line that is looked for on its own."""


class Scrubber:
    """Of some secrets, none of them empty."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = sorted({form for each in secrets for form in _forms(each)}, key=len, reverse=True)
        self._forms = forms
        self._pattern = re.compile("|".join(map(re.escape, forms)))
        self.longest = len(forms[0])
        """Characters of the longest thing that is looked for."""

    @classmethod
    def of(cls, task: StepTask) -> "Scrubber | None":
        """Of the secrets that a task has; None: it has none."""
        return cls(each.text for each in task.secrets) if task.secrets else None

    def text(self, text: str) -> str:
        """The text without them.

        >>> Scrubber(["pass word"]).text("login with pass word, ?p=pass%20word")
        'login with ***, ?p=***'
        """
        return self._pattern.sub(MASK, text)

    def data(self, value: Any) -> Any:
        """Plain data without them, in texts, bytes and names."""
        match value:
            case str():
                return self.text(value)
            case bytes():
                return self._bytes(value)
            case list() | tuple():
                return [self.data(each) for each in value]
            case dict():
                return {self.data(name): self.data(each) for name, each in value.items()}
        return value

    def failure(self, failure: Failure) -> Failure:
        """An error without them."""
        return Failure(failure.type, self.text(failure.message), self.text(failure.traceback))

    def record(self, record: logging.LogRecord) -> None:
        """Take them out of a record of the log, whoever handles it."""
        try:
            said = record.getMessage()
        except Exception as error:
            said = f"(a record that can't be formatted: {type(error).__name__})"
        record.msg, record.args = self.text(said), None
        if record.exc_info:
            trace = "".join(traceback.format_exception(*record.exc_info))
            record.exc_text, record.exc_info = self.text(trace.rstrip("\n")), None
        if record.stack_info:
            record.stack_info = self.text(record.stack_info)

    def _bytes(self, value: bytes) -> bytes:
        for form in self._forms:
            value = value.replace(form.encode(), MASK.encode())
        return value


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield repr(secret)[1:-1]
    yield ascii(secret)[1:-1]
    yield repr(secret.encode())[2:-1]
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield base64.b64encode(secret.encode()).decode()
    for line in secret.splitlines():
        if len(line.strip()) >= _SHORTEST_LINE:
            yield line.strip()
