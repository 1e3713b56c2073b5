"""Carries a plan out on a server: what is stored there, a rehearsal, and then the changes themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from quarterjack.actors.secret import MASK

from .. import json_text
from ..ndjson import write_lines
from .connection import ClientError, Connection, Refused, schedule_path
from .schedule_files import FileProblem
from .schedule_plan import Form, PlannedChange, SchedulePlan, Wish, plan_for

EXPORT: Final = "/api/schedules/export"
IMPORT: Final = "/api/schedules/import"
_MOST_TOLD: Final = 50
_PARAMS: Final = "executionConfig.params."


class Outcome(NamedTuple):
    """How many of each."""

    created: int
    changed: int
    deleted: int
    unchanged: int

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self._asdict().items())


def planned(connection: Connection, wishes: Iterable[Wish]) -> SchedulePlan:
    """What has to be done there, checked by the server, too: `problems` has what it would refuse."""
    plan = plan_for(wishes, stored_schedules(connection))
    plan.change = [_without_secrets(connection, each) for each in plan.change]
    if not plan.problems and plan.sent:
        answer = _imported(connection, plan, dryRun="true")
        plan.problems = _problems(plan, answer)
    return plan


def stored_schedules(connection: Connection) -> dict[str, Form]:
    """The server's schedules by id."""
    return {form["id"]: form for form in map(json_text.load, connection.lines(EXPORT))}


def carry_out(connection: Connection, plan: SchedulePlan) -> Outcome:
    """Do all of it; nothing is deleted if anything else is refused. Raises `ClientError`."""
    answer: Mapping[str, Any] = {"created": 0, "updated": 0, "unchanged": 0}
    if plan.sent:
        answer = _imported(connection, plan)
        fail_for(
            _problems(plan, answer), "the others are as they should be, but nothing was deleted"
        )
    deleted = sum(_deleted(connection, form) for form in plan.delete)
    unchanged = len(plan.unchanged) + answer["unchanged"]
    return Outcome(answer["created"], answer["updated"], deleted, unchanged)


def fail_for(problems: Sequence[object], otherwise: str = "nothing was changed") -> None:
    """Raise `ClientError` with a line for each of them, if there are any."""
    if not problems:
        return
    told = [str(problem) for problem in problems[:_MOST_TOLD]]
    if len(problems) > _MOST_TOLD:
        told.append(f"… and {len(problems) - _MOST_TOLD} more")
    raise ClientError("\n".join([f"{len(problems)} wrong; {otherwise}:", *told]))


def _without_secrets(connection: Connection, change: PlannedChange) -> PlannedChange:
    """With `***` for the values in the file that the server would not show."""
    if not any(each.field.startswith(_PARAMS) for each in change.differences):
        return change
    workflow = quote(change.wanted.form["workflowId"], safe="")
    try:
        known = connection.get(f"/api/workflows/{workflow}")["params"]
    except Refused:  # so it is refused, too
        known = []
    secret = {f"{_PARAMS}{each['name']}" for each in known if each["secret"]}
    shown = [
        each._replace(after=f"{MASK} (given)")
        if each.field in secret and isinstance(each.after, str)
        else each
        for each in change.differences
    ]
    return replace(change, differences=shown)


def _imported(connection: Connection, plan: SchedulePlan, **query: str) -> Mapping[str, Any]:
    body = write_lines(each.form for each in plan.sent)
    answer: Mapping[str, Any] = connection.post_lines(IMPORT, body, **query)
    return answer


def _problems(plan: SchedulePlan, answer: Mapping[str, Any]) -> list[FileProblem]:
    """The server's errors, told of the files' places."""
    sent = plan.sent
    return [
        FileProblem(
            sent[wrong["line"] - 1].where, f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
        )
        for wrong in answer["errors"]
        for each in wrong["errors"]
    ]


def _deleted(connection: Connection, form: Form) -> bool:
    """Delete it as it was seen; False: it was gone."""
    try:
        connection.delete(schedule_path(form["id"]), {"If-Match": f'"{form["version"]}"'})
    except Refused as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return False
    return True
