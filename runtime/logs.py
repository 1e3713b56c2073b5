"""The log: one line a record, as text for people or JSON for programs, with the ids that it is about.

Nothing from outside can make a line of its own or move a terminal's cursor: control characters are
escaped, in text as in JSON. The ids come from the record's `extra`, else from the context that logs
(`log_fields`), else from the path of the actor that it is about.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

from quarterjack.storage.instants import format_instant, from_micros

from .step_output import without_secrets

FIELDS: Final = ("requestId", "workflowId", "scheduleId", "executionId", "step", "attempt")
"""What a line is about, in this order."""
ACCESS_LOGGER: Final = "quarterjack.http.access"
Level = Literal["debug", "info", "warning", "error"]
_NONE: Final[Mapping[str, Any]] = {}
_context: ContextVar[Mapping[str, Any]] = ContextVar("quarterjack_log_fields", default=_NONE)
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_OF_ACTOR: Final = {"schedules": "scheduleId", "executions": "executionId"}


@contextmanager
def log_fields(**fields: Any) -> Iterator[None]:
    """What this thread or task logs inside the block is about these."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The ids that a record is about; on the thread that logs it."""
    known = {**_of_actor(getattr(record, "actor", "")), **_context.get(), **record.__dict__}
    return {name: known[name] for name in FIELDS if known.get(name) is not None}


"".encode("unicode_escape")  # loads the codec now: later there may be no file left to open it with


def escaped(text: str) -> str:
    r"""The text on one line, with nothing in it that a terminal obeys.

    >>> print(escaped("two\nlines \x1b[31m"))
    two\nlines \x1b[31m
    """
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class TextLines(logging.Formatter):
    """`2026-11-02T03:00:00.000000Z INFO    quarterjack.http: said [executionId=exe_1]`.

    A traceback follows on lines of its own, each begun with a bar.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        about = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        line = f"{_instant(record)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        lines = [escaped(f"{line} [{about}]" if about else line)]
        if record.exc_info:
            lines += self.formatException(record.exc_info).split("\n")
        elif record.exc_text:
            lines += record.exc_text.split("\n")
        if record.stack_info:
            lines += record.stack_info.split("\n")
        return without_secrets("\n  | ".join(escaped(each) for each in lines))


class JsonLines(JsonFormatter):
    """An object a line: `timestamp`, `level`, `logger`, `message`, the ids, and what `extra` says."""

    def serialize_log_record(self, log_data: dict[str, Any]) -> str:
        """As ASCII without control characters; the encoder leaves DEL alone."""
        line = super().serialize_log_record(log_data).replace("\x7f", "\\u007f")
        return without_secrets(line)  # also out of `extra`

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        """Put ours first; nothing that was logged can take their place."""
        more: dict[str, Any] = {}
        super().add_fields(more, record, message_dict)
        log_data["timestamp"] = _instant(record)
        log_data["level"] = record.levelname.lower()
        log_data["logger"] = record.name
        log_data["message"] = record.getMessage()
        log_data.update(fields_of(record))
        log_data.update({name: value for name, value in more.items() if name not in log_data})


FORMATS: Final[Mapping[str, type[logging.Formatter]]] = {"text": TextLines, "json": JsonLines}


def set_up(
    form: Literal["text", "json"] = "text",
    level: Level = "info",
    *,
    access: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Write the process's log to `stream` (standard error); with `access`, a line for each request.

    `debug` is for Quarterjack's own loggers; those of other libraries begin at `info`.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(FORMATS[form]())
    wanted = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(wanted, logging.INFO), handlers=[handler], force=True)
    logging.getLogger("quarterjack").setLevel(wanted)
    heard = access or wanted <= logging.DEBUG
    logging.getLogger(ACCESS_LOGGER).setLevel(logging.INFO if heard else logging.WARNING)


def _instant(record: logging.LogRecord) -> str:
    return format_instant(from_micros(int(record.created * 1_000_000)))


def _of_actor(path: str) -> dict[str, str]:
    """`quarterjack/schedules/sch_1` is about the schedule `sch_1`."""
    *_, family, key = ("", "", *path.split("/"))
    return {_OF_ACTOR[family]: key} if family in _OF_ACTOR else {}
