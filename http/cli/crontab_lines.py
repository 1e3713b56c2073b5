r"""One line of a crontab, as Debian's cron reads it: a comment, a variable, or when to run what. Pure.

Measured with Debian's cron 3.0pl1: what it makes of quotes, blanks, backslashes and percent signs.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

REBOOT: Final = "@reboot"
_FIELDS: Final = 5
_USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?", re.ASCII)
_NAME: Final = re.compile(r"""\s*(?:"([^"=]*)"|'([^'=]*)'|([^\s='"][^\s=]*))\s*=(.*)""", re.DOTALL)
_QUOTED: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)')\s*""", re.DOTALL)


class CrontabError(ValueError):
    """The line is wrong; the message says how."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A line with nothing on it."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What stands after the `#`."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """For the environment of the commands below it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """When to run which command; in a system crontab also as whom."""

    time: str
    user: str | None
    command: str
    """As it stands, with its percent signs."""


class Command(NamedTuple):
    """What a shell is given, and what it reads from its standard input (None: nothing)."""

    shell: str
    input: str | None


Line: TypeAlias = Blank | Comment | Variable | Entry


def read_line(text: str, *, system: bool) -> Line:
    """What a line is. Raises `CrontabError`.

    >>> read_line("17 *\t* * *\troot\tcd / && run-parts /etc/cron.hourly", system=True)
    Entry(time='17 * * * *', user='root', command='cd / && run-parts /etc/cron.hourly')
    >>> read_line("@daily make backup", system=False)
    Entry(time='@daily', user=None, command='make backup')
    >>> read_line("MAILTO = 'ann, bob'", system=False), read_line("  # later", system=False)
    (Variable(name='MAILTO', value='ann, bob'), Comment(text='later'))
    """
    stripped = text.strip()
    if not stripped:
        return Blank()
    if stripped.startswith("#"):
        return Comment(stripped.lstrip("#").strip())
    return _variable(text) or _entry(stripped, system=system)


def split_command(text: str) -> Command:
    r"""The shell's part, up to the first `%`, and the input after it, where each `%` ends a line.

    `\%` stands for `%`; in the shell's part also `\\` for one backslash.

    >>> split_command(r"date +\%F"), split_command("mail ann%Hello,%bye%")
    (Command(shell='date +%F', input=None), Command(shell='mail ann', input='Hello,\nbye\n'))
    """
    shell, escaped = "", False
    for place, character in enumerate(text):
        if escaped:
            shell += character if character in "%\\" else "\\" + character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "%":
            return Command(shell, _input(text[place + 1 :]))
        else:
            shell += character
    return Command(shell + "\\" * escaped, None)


def _input(text: str) -> str:
    found, escaped = "", False
    for character in text:
        if escaped and character != "%":
            found += "\\"
        elif character == "%" and not escaped:
            character = "\n"
        escaped = character == "\\"
        if not escaped:
            found += character
    found += "\\" * escaped
    return found if not found or found.endswith("\n") else found + "\n"


def _variable(text: str) -> Variable | None:
    found = _NAME.fullmatch(text)
    if found is None:
        return None
    name = next(part for part in found.groups()[:3] if part is not None)
    if not name:
        return None
    value = found[4].strip()
    if value.startswith(('"', "'")):
        quoted = _QUOTED.fullmatch(value)
        if quoted is None:
            raise CrontabError(f"the value of {name} has no closing quote, or goes on after it")
        value = quoted[1] if quoted[1] is not None else quoted[2]
    elif not value:
        raise CrontabError(f'{name} has no value; for an empty one write {name}=""')
    return Variable(name, value)


def _entry(stripped: str, *, system: bool) -> Entry:
    count = 1 if stripped.startswith("@") else _FIELDS
    parts = stripped.split(None, count + system)
    wanted = f"{'a time' if count == 1 else 'five fields for the time'}, "
    wanted += "a user and a command" if system else "and a command"
    if len(parts) <= count + system:
        raise CrontabError(f"it has no command: a line has {wanted}")
    user = parts[count] if system else None
    if user is not None and not _USER.fullmatch(user):
        raise CrontabError(
            f"{user!r:.40} is no user's name: a line of a system crontab has {wanted} "
            "(for a user's crontab, say --user)"
        )
    return Entry(" ".join(parts[:count]), user, parts[-1])
