"""A whole crontab: its jobs, each with what the lines above it say, and every line that is wrong. Pure.

Nothing is read or run; the lines' own grammar is in `crontab_lines`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from quarterjack.actors.policies.cron import CronError, CronExpression
from quarterjack.actors.policies.time_zones import UnknownTimeZone, time_zone

from .crontab_lines import (
    REBOOT,
    Blank,
    Comment,
    CrontabError,
    Entry,
    Variable,
    read_line,
    split_command,
)

MOST_LINES: Final = 20_000
LARGEST: Final = 8 * 1_048_576
"""Bytes."""
_LONGEST_NAME: Final = 120
_NEW_LINE: Final = re.compile(rb"\r?\n")
_DRAWN: Final = re.compile(r"[|.*]")
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_TIME_LIKE: Final = re.compile(r"(@\w+|([\d*][\d*,/-]*\s+){3,})")
_HEADING: Final = re.compile(r"m(in(ute)?)?\s+h(our)?\s", re.IGNORECASE)


class LineProblem(NamedTuple):
    """What is wrong with a line; the first is number 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class CrontabJob:
    """A command, when it runs, and what it gets."""

    line: int
    text: str
    """The line as it stands."""
    time: str
    user: str | None
    shell: str
    input: str | None
    timezone: str | None
    """Of the line `CRON_TZ` above it."""
    environment: Mapping[str, str]
    comment: str


@dataclass(slots=True)
class Crontab:
    """What a file says."""

    jobs: list[CrontabJob] = field(default_factory=list)
    at_boot: list[CrontabJob] = field(default_factory=list)
    """Those with `@reboot`."""
    problems: list[LineProblem] = field(default_factory=list)
    has_windows_lines: bool = False


def read_crontab(raw: bytes, *, system: bool) -> Crontab:
    """What the file says; lines that are wrong are in `problems`, and the others are read all the same."""
    found = Crontab(has_windows_lines=b"\r\n" in raw)
    if len(raw) > LARGEST:
        found.problems.append(LineProblem(1, f"a crontab has at most {LARGEST:,} bytes; split it"))
        return found
    lines = _NEW_LINE.split(raw)
    if len(lines) > MOST_LINES + 1:
        told = f"a crontab has at most {MOST_LINES:,} lines; split it"
        found.problems.append(LineProblem(MOST_LINES + 1, told))
        return found
    reader = _Reader(found, system=system)
    for number, line in enumerate(lines, start=1):
        try:
            reader.take(number, _text(line))
        except (CrontabError, CronError) as error:
            found.problems.append(LineProblem(number, str(error)))
            reader.forget()
    return found


class _Reader:
    """Keeps what the lines above say."""

    def __init__(self, found: Crontab, *, system: bool) -> None:
        self._found = found
        self._system = system
        self._environment: dict[str, str] = {}
        self._timezone: str | None = None
        self._comments: list[str] = []

    def forget(self) -> None:
        """The comments above are about another line."""
        self._comments = []

    def take(self, number: int, text: str) -> None:
        """The next line."""
        match read_line(text, system=self._system):
            case Blank():
                self.forget()
            case Comment(comment):
                self._comments.append(comment)
            case Variable("CRON_TZ", value):
                self._timezone = checked_zone(value)
                self.forget()
            case Variable(name, value):
                self._environment = {**self._environment, name: value}
                self.forget()
            case Entry() as entry:
                self._entry(number, entry, text.strip())
                self.forget()

    def _entry(self, number: int, entry: Entry, text: str) -> None:
        command = split_command(entry.command)
        if not command.shell.strip():
            raise CrontabError("it has no command before its first %")
        job = CrontabJob(
            number,
            text,
            entry.time,
            entry.user,
            command.shell,
            command.input or None,
            self._timezone,
            self._environment,
            _about(self._comments),
        )
        if entry.time.lower() == REBOOT:
            self._found.at_boot.append(job)
            return
        check_time(entry.time)
        self._found.jobs.append(job)


@lru_cache(maxsize=4_096)
def check_time(text: str) -> None:
    """Raise `CronError` that names the field."""
    CronExpression(text)


def checked_zone(name: str) -> str:
    """The name of a time zone. Raises `CrontabError`."""
    try:
        return time_zone(name).key
    except UnknownTimeZone as error:
        raise CrontabError(str(error)) from None


def short_name(job: CrontabJob) -> str:
    """What a list calls the job: its comment, only the first line if it is long, or else the command.

    >>> job = CrontabJob(1, "", "@daily", None, "make backup", None, None, {}, "")
    >>> short_name(job)
    'make backup'
    """
    comment = " ".join(job.comment.split())
    if len(comment) > _LONGEST_NAME:
        comment = job.comment.partition("\n")[0]
    name = comment or " ".join(job.shell.split())
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _text(line: bytes) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise CrontabError("it is not UTF-8 text") from None
    if "\0" in text:
        raise CrontabError("it has a NUL character: this is no text file")
    return text


def _about(comments: list[str]) -> str:
    """The comments just above a job, unless they draw what the fields mean, or are a job that is off."""
    told = [comment for comment in comments if comment]
    return "" if any(map(_is_no_title, told)) else "\n".join(told)


def _is_no_title(comment: str) -> bool:
    """Whether a comment is no sentence.

    >>> [_is_no_title(text) for text in ("| .--- hour", "0 3 * * * old", "m h dom mon dow", "At night")]
    [True, True, True, False]
    """
    return bool(
        _DRAWN.match(comment)
        or _TIME_LIKE.match(comment)
        or _HEADING.match(comment)
        or not _LETTERS.search(comment)
    )
