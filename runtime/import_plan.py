"""What an import is to do with each schedule: make it, change it, leave it, or refuse it. Decides nothing.

Runs where queries run, off the loop: it reads what is stored, checks each schedule, and computes the
first due instant of new ones. The schedules' actors have the last word.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from pydantic.alias_generators import to_camel

from quarterjack.actors.drafts import (
    ScheduleChanges,
    ScheduleDraft,
    changed_schedule,
    new_schedule,
    validated,
)
from quarterjack.actors.secret_params import with_stored
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import (
    ExecutionConfig,
    FieldError,
    InvalidInput,
    Schedule,
    ScheduleId,
)
from quarterjack.storage.calendar_changes import refuse_missing
from quarterjack.storage.calendar_names import calendars_in
from quarterjack.storage.calendar_queries import known
from quarterjack.storage.database import Reader
from quarterjack.storage.ids import is_id
from quarterjack.storage.queries import schedules_of
from quarterjack.storage.wire_model import WireModel

from .schedule_form import without_output

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A schedule that is to be as the draft says; `line` is where it stands among those given."""

    line: int
    key: ScheduleId
    draft: Mapping[str, Any]


class Make(NamedTuple):
    """There is none of that id; this is the record that it is to begin with."""

    key: ScheduleId
    schedule: Schedule


class Alter(NamedTuple):
    """The one there is, at that version, is to be changed."""

    key: ScheduleId
    version: int
    changes: ScheduleChanges


class Keep(NamedTuple):
    """The one there is, is so already."""


class Refuse(NamedTuple):
    """The line can't be accepted."""

    line: int
    errors: Sequence[FieldError]


Verdict: TypeAlias = Make | Alter | Keep | Refuse


def identified(
    line: int, given: object, seen: dict[str, int], new_id: Callable[[], str]
) -> Entry | Refuse:
    """Which schedule a line is about: the one of its `id`, or a new one.

    `seen` knows on which line each id stood, and is told of this one.
    """
    if not isinstance(given, Mapping):
        return _refusal(line, msg='a schedule is an object, such as {"workflowId": …}')
    try:
        key, draft = without_output(given)
    except InvalidInput as error:
        return Refuse(line, error.errors)
    key = new_id() if key is None else key
    if not isinstance(key, str) or not is_id(key):
        return _refusal(line, "id", msg="an id is 1 to 64 letters, digits, '_' or '-'")
    before = seen.setdefault(key, line)
    if before != line:
        return _refusal(line, "id", msg=f"{key!r} stands on line {before} already")
    return Entry(line, ScheduleId(key), draft)


def plan(
    reader: Reader,
    entries: Sequence[Entry],
    workflows: WorkflowBook,
    now: datetime,
    rehearsed: bool,
) -> list[Verdict]:
    """A verdict for each entry; `rehearsed`: also about what is else decided where it is written.

    New schedules are made a microsecond apart, so that lists keep their order.
    """
    stored = schedules_of(reader, [entry.key for entry in entries])
    found: list[Verdict] = []
    for number, entry in enumerate(entries):
        at, before = now + number * _MICROSECOND, stored.get(entry.key)
        try:
            verdict = _verdict(entry, before, workflows, at)
            if rehearsed:
                _rehearse(reader, verdict, before, workflows, at)
        except InvalidInput as error:
            verdict = Refuse(entry.line, error.errors)
        found.append(verdict)
    return found


def _rehearse(
    reader: Reader,
    verdict: Verdict,
    before: Schedule | None,
    workflows: WorkflowBook,
    now: datetime,
) -> None:
    """Raise `InvalidInput` for what the schedule's actor, or the one that writes, would refuse."""
    match verdict:
        case Make(_, schedule):
            exclude = schedule.schedule_config.exclude
        case Alter(_, _, changes) if before is not None:
            after = changed_schedule(before, changes, workflows, now)
            exclude = after.schedule_config.exclude
        case _:
            return
    refuse_missing(exclude, known(reader, calendars_in(exclude)))


def _verdict(
    entry: Entry, stored: Schedule | None, workflows: WorkflowBook, now: datetime
) -> Verdict:
    draft = validated(ScheduleDraft, entry.draft)
    if stored is None:
        return Make(entry.key, new_schedule(entry.key, draft, workflows, now))
    changes = _changes(stored, _with_stored_secrets(stored, draft, workflows))
    return Alter(entry.key, stored.version, ScheduleChanges(changes)) if changes else Keep()


def _with_stored_secrets(
    stored: Schedule, draft: ScheduleDraft, workflows: WorkflowBook
) -> ScheduleDraft:
    """The draft, with what is stored where it has `***`, as an export does."""
    if draft.workflow_id != stored.workflow_id:
        return draft
    places, config = workflows.secrets(stored.workflow_id), draft.execution_config
    params = with_stored(places, config.params, stored.execution_config.params)
    config = config.model_copy(update={"params": params})
    return draft.model_copy(update={"execution_config": config})


def _changes(stored: Schedule, draft: ScheduleDraft) -> dict[str, Any]:
    """The fields that differ, each whole, so that what the draft leaves out in it gets its default."""
    return {
        to_camel(name): _plain(getattr(draft, name))
        for name in ScheduleDraft.model_fields
        if not _is_same(getattr(stored, name), getattr(draft, name))
    }


def _is_same(before: Any, after: Any) -> bool:
    if before != after:
        return False
    if isinstance(after, ExecutionConfig):
        before, after = before.params, after.params
    return not isinstance(after, dict) or _text(before) == _text(after)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, WireModel) else value


def _text(value: Any) -> str:
    """In which 1, 1.0 and true are not the same."""
    return json.dumps(value, sort_keys=True, default=repr)


def _refusal(line: int, *loc: str, msg: str) -> Refuse:
    return Refuse(line, [FieldError(loc, msg)])
