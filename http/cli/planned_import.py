"""Carries a plan out on a server: what is stored there, a rehearsal, and then the changes themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from quarterjack.actors.secret import MASK
from quarterjack.storage import NotFound

from ..client import Client, Refused
from ..shapes.bulk import ImportReport
from .failure import ClientError
from .live.progress import changes_counted
from .schedule_files import FileProblem
from .schedule_plan import Form, PlannedChange, SchedulePlan, Wish, plan_for

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


def planned(client: Client, wishes: Iterable[Wish]) -> SchedulePlan:
    """What has to be done there, checked by the server, too: `problems` has what it would refuse."""
    plan = plan_for(wishes, stored_schedules(client))
    plan.change = [_without_secrets(client, each) for each in plan.change]
    if not plan.problems and plan.sent:
        report = client.import_schedules([each.form for each in plan.sent], dry_run=True).get()
        plan.problems = _problems(plan, report)
    return plan


def stored_schedules(client: Client) -> dict[str, Form]:
    """The server's schedules by id."""
    return {form["id"]: form for form in client.export_schedules().get()}


def carry_out(client: Client, plan: SchedulePlan) -> Outcome:
    """Do all of it; nothing is deleted if anything else is refused. Raises `ClientError`."""
    report = ImportReport(created=0, updated=0, unchanged=0, errors=[])
    count = len(plan.sent) + len(plan.delete)
    with changes_counted(client, "importing", count) as advance:
        if plan.sent:
            report = client.import_schedules(each.form for each in plan.sent).get()
            fail_for(
                _problems(plan, report), "the others are as they should be, but nothing was deleted"
            )
        deleted = 0
        for form in plan.delete:
            deleted += _deleted(client, form)
            advance(1)
    unchanged = len(plan.unchanged) + report.unchanged
    return Outcome(report.created, report.updated, deleted, unchanged)


def fail_for(problems: Sequence[object], otherwise: str = "nothing was changed") -> None:
    """Raise `ClientError` with a line for each of them, if there are any."""
    if not problems:
        return
    told = [str(problem) for problem in problems[:_MOST_TOLD]]
    if len(problems) > _MOST_TOLD:
        told.append(f"… and {len(problems) - _MOST_TOLD} more")
    raise ClientError("\n".join([f"{len(problems)} wrong; {otherwise}:", *told]))


def _without_secrets(client: Client, change: PlannedChange) -> PlannedChange:
    """With `***` for the values in the file that the server would not show."""
    if not any(each.field.startswith(_PARAMS) for each in change.differences):
        return change
    try:
        known = client.get_workflow(change.wanted.form["workflowId"]).get().params
    except Refused:  # so it is refused, too
        known = []
    secret = {f"{_PARAMS}{each.name}" for each in known if each.secret}
    shown = [
        each._replace(after=f"{MASK} (given)")
        if each.field in secret and isinstance(each.after, str)
        else each
        for each in change.differences
    ]
    return replace(change, differences=shown)


def _problems(plan: SchedulePlan, report: ImportReport) -> list[FileProblem]:
    """The server's errors, told of the files' places."""
    sent = plan.sent
    return [
        FileProblem(sent[wrong.line - 1].where, f"{'.'.join(map(str, each.loc))}: {each.msg}")
        for wrong in report.errors
        for each in wrong.errors
    ]


def _deleted(client: Client, form: Form) -> bool:
    """Delete it as it was seen; False: it was gone."""
    try:
        client.delete_scheduled_workflow(form["id"], version=form["version"]).get()
    except NotFound:
        return False
    return True
