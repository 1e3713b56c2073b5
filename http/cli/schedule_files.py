"""Schedules written in TOML or JSON files, read whole: each with where it stands, and all that is wrong.

A file has one schedule, or several under `schedules`: a list of them, or a table by their ids.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, NamedTuple

from quarterjack.storage import InvalidInput, NotPlainData
from quarterjack.storage.ids import is_id
from quarterjack.storage.instants import format_instant
from quarterjack.storage.plain_data import check_plain

from .. import json_text
from ..errors import NotJson

SUFFIXES: Final = (".json", ".toml")
_MANY: Final = "schedules"
_LARGEST: Final = 64 * 1_048_576


class FileProblem(NamedTuple):
    """What is wrong, and where."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class WrittenSchedule:
    """A schedule in the outside interface's form, with its id."""

    where: str
    key: str
    form: dict[str, Any]


class UnreadableFile(Exception):
    """The file can't be read, or is no TOML or JSON; the message says why."""


def files_in(path: Path) -> list[Path]:
    """The file itself, or those in a folder and below, in order; hidden ones are left out."""
    if not path.is_dir():
        return [path]
    return sorted(
        found
        for found in path.rglob("*")
        if found.suffix in SUFFIXES and found.is_file() and not _is_hidden(found.relative_to(path))
    )


def read_schedules(path: Path) -> tuple[list[WrittenSchedule], list[FileProblem]]:
    """All schedules of a file or folder, and what is wrong with them."""
    found: dict[str, WrittenSchedule] = {}
    problems: list[FileProblem] = []
    for file in files_in(path):
        try:
            each_of_file = list(_written(file, _content(file)))
        except UnreadableFile as error:
            problems.append(FileProblem(str(file), str(error)))
            continue
        for each in each_of_file:
            if isinstance(each, FileProblem):
                problems.append(each)
            elif each.key in found:
                told = f"the id {each.key!r} stands in {found[each.key].where} already"
                problems.append(FileProblem(each.where, told))
            else:
                found[each.key] = each
    return list(found.values()), problems


def _content(file: Path) -> Any:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise UnreadableFile(f"it has more than {_LARGEST:,} bytes; split it")
        if file.suffix == ".toml":
            return _in_json(tomllib.loads(raw.decode()))
        return json_text.load(raw)
    except OSError as error:
        raise UnreadableFile(error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise UnreadableFile("it is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFile(f"it is not TOML: {error}") from None
    except RecursionError:
        raise UnreadableFile("it is nested too deep") from None
    except (NotJson, InvalidInput) as error:
        raise UnreadableFile(str(error)) from None


def _written(file: Path, content: Any) -> Iterator[WrittenSchedule | FileProblem]:
    if isinstance(content, Mapping) and _MANY in content:
        if others := sorted(content.keys() - {_MANY}):
            told = f"{', '.join(others)}: is no field beside {_MANY}; put it into the schedules"
            yield FileProblem(str(file), told)
        content = content[_MANY]
        if isinstance(content, Mapping):
            for key, form in content.items():
                yield _schedule(f"{file}: {_MANY}.{key}", form, key)
            return
    elif isinstance(content, Mapping):
        yield _schedule(str(file), content, file.stem)
        return
    if not isinstance(content, list):
        yield FileProblem(str(file), "it has neither a schedule nor a list or table of `schedules`")
        return
    for number, form in enumerate(content, start=1):
        yield _schedule(f"{file}: {_MANY}[{number}]", form, None)


def _schedule(where: str, form: Any, by_place: str | None) -> WrittenSchedule | FileProblem:
    if not isinstance(form, Mapping):
        return FileProblem(where, "a schedule is a table (an object) with workflowId and so on")
    key = form.get("id", by_place)
    if key is None:
        return FileProblem(where, "id: is required, so that it is the same schedule the next time")
    if not isinstance(key, str) or not is_id(key):
        return FileProblem(where, f"id: {key!r:.60} is no id: 1 to 64 letters, digits, '_' or '-'")
    try:
        check_plain(dict(form))
    except NotPlainData as error:
        return FileProblem(where, str(error).removeprefix("$."))
    return WrittenSchedule(where, key, {"name": key, **form, "id": key})


def _in_json(value: Any) -> Any:
    """TOML's dates and times as text, as they are written in JSON.

    >>> _in_json({"exclude": [date(2026, 12, 25)]})
    {'exclude': ['2026-12-25']}
    """
    match value:
        case dict():
            return {name: _in_json(each) for name, each in value.items()}
        case list():
            return [_in_json(each) for each in value]
        case datetime() if value.tzinfo is not None:
            return format_instant(value)
        case datetime() | date() | time():
            return value.isoformat()
    return value


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
