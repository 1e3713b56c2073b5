"""What has to be done so that the server's schedules are as they are wanted: the difference. Pure.

Schedules that a plan makes are marked with the origin of the wish (`metadata.appliedFrom`). Pruning
takes only those with that mark; those of another origin are left to it, unless they are taken over.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from quarterjack.actors.drafts import ScheduleDraft, validated
from quarterjack.runtime.schedule_form import OUTPUT_ONLY, draft_form, without_output
from quarterjack.storage import InvalidInput

from .schedule_files import FileProblem, WrittenSchedule

MARK: Final = "appliedFrom"
"""In `metadata`: where a schedule was written that was made from a file."""
Form = Mapping[str, Any]


class Difference(NamedTuple):
    """A field that is to be changed, by its path; None: it is not there."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A schedule that is there, and is to be another."""

    wanted: WrittenSchedule
    differences: Sequence[Difference]
    is_marked: bool
    """Whether it was made from this origin, or is now taken over."""


@dataclass(slots=True)
class SchedulePlan:
    """All that is to be done."""

    create: list[WrittenSchedule] = field(default_factory=list)
    change: list[PlannedChange] = field(default_factory=list)
    delete: list[Form] = field(default_factory=list)
    left: list[Form] = field(default_factory=list)
    """Made from an origin that wants them no more; they stay, because it does not prune."""
    unchanged: list[str] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.change or self.delete)

    @property
    def sent(self) -> list[WrittenSchedule]:
        """What is to be imported."""
        return [*self.create, *(each.wanted for each in self.change)]


@dataclass(frozen=True, slots=True)
class Wish:
    """All schedules that are wanted from one origin."""

    origin: str
    schedules: Sequence[WrittenSchedule]
    prune: bool = False
    """Whether those from there that are not wanted any more go."""
    take_over: bool = False
    """Whether those of another origin may be changed."""


def plan_for(wishes: Iterable[Wish], stored: Mapping[str, Form]) -> SchedulePlan:
    """The plan; `stored` has the server's schedules by id."""
    plan = SchedulePlan()
    for wish in wishes:
        for each in wish.schedules:
            _plan(plan, each, stored.get(each.key), wish)
        keys = {each.key for each in wish.schedules}
        rest = plan.delete if wish.prune else plan.left
        rest += [
            form
            for key, form in stored.items()
            if key not in keys and origin_of(form) == wish.origin
        ]
    return plan


def origin_of(form: Form) -> Any:
    """From where a schedule was made; None: by other means."""
    return form["metadata"].get(MARK)


def _plan(plan: SchedulePlan, wanted: WrittenSchedule, before: Form | None, wish: Wish) -> None:
    origin = None if before is None else origin_of(before)
    if origin not in (None, wish.origin) and not wish.take_over:
        told = f"the schedule {wanted.key!r} was made from {origin!r}; choose another id, or --take-over"
        plan.problems.append(FileProblem(wanted.where, told))
        return
    is_marked = before is None or wish.take_over or origin == wish.origin
    try:
        marked = _marked(wanted, wish.origin if is_marked else None)
        after = draft_form(validated(ScheduleDraft, without_output(marked.form)[1]))
    except InvalidInput as error:
        plan.problems.extend(
            FileProblem(wanted.where, f"{'.'.join(map(str, each.loc)) or 'schedule'}: {each.msg}")
            for each in error.errors
        )
        return
    if before is None:
        plan.create.append(marked)
        return
    differences = list(_differences(_said(before), after))
    if differences:
        plan.change.append(PlannedChange(marked, differences, is_marked))
    else:
        plan.unchanged.append(wanted.key)


def _marked(wanted: WrittenSchedule, origin: str | None) -> WrittenSchedule:
    """With the mark among its metadata. Raises `InvalidInput` for metadata that has another one."""
    given = wanted.form.get("metadata", {})
    if isinstance(given, Mapping) and given.get(MARK, origin) != origin:
        raise InvalidInput.field("metadata", MARK, msg="is set by this command; leave it out")
    if not isinstance(given, Mapping) or origin is None:
        return wanted
    form = {**wanted.form, "metadata": {**given, MARK: origin}}
    return WrittenSchedule(wanted.where, wanted.key, form)


def _said(form: Form) -> dict[str, Any]:
    return {name: form[name] for name in form if name not in ("id", *OUTPUT_ONLY)}


def _differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            inner = f"{path}.{name}" if path else name
            yield from _differences(before.get(name), after.get(name), inner)
    elif json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True):
        yield Difference(path, before, after)
