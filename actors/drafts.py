"""What a user may say of a schedule when making or changing it, checked against the workflows.

A change is partial: absent fields stay, also within `scheduleConfig` and `executionConfig`; naming
another kind of rule (`cron`, `interval`, …) replaces the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from quarterjack.storage import (
    ExecutionConfig,
    FieldError,
    InvalidInput,
    NotPlainData,
    Schedule,
    ScheduleConfig,
    ScheduleId,
    ScheduleStatus,
    WorkflowId,
)
from quarterjack.storage.configs import CLOCKWORK, KINDS
from quarterjack.storage.event_names import watched_workflow
from quarterjack.storage.plain_data import check_plain
from quarterjack.storage.wire_model import WireModel

from .policies.timetable import Occurrence, Timetable
from .workflow_book import WorkflowBook

M = TypeVar("M", bound=WireModel)


class ScheduleDraft(WireModel):
    """A scheduled workflow to be made."""

    workflow_id: str = Field(min_length=1, max_length=100)
    name: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=10_000)
    enabled: Annotated[bool, Field(strict=True)] = True
    schedule_config: ScheduleConfig
    execution_config: ExecutionConfig = ExecutionConfig()
    metadata: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleChanges:
    """The fields of a `ScheduleDraft` that are to be changed, as they came in."""

    given: Mapping[str, Any] = field(repr=False)


def validated(model: type[M], data: object) -> M:
    """The model from camelCase data. Raises `InvalidInput` naming each wrong field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidInput(
            [FieldError(tuple(each["loc"]), _message(each)) for each in error.errors()]
        ) from None


def new_schedule(
    key: ScheduleId, draft: ScheduleDraft, workflows: WorkflowBook, now: datetime
) -> Schedule:
    """The record of a new schedule, due for the first time after now. Raises `InvalidInput`."""
    draft = _checked(key, draft, workflows, now)
    made = Schedule(
        id=key,
        workflow_id=WorkflowId(draft.workflow_id),
        name=draft.name,
        description=draft.description,
        status=ScheduleStatus.ACTIVE if draft.enabled else ScheduleStatus.DISABLED,
        note="",
        schedule_config=draft.schedule_config,
        execution_config=draft.execution_config,
        metadata=draft.metadata,
        version=1,
        created_at=now,
        updated_at=now,
    )
    return due_from(made, Timetable.of(made).next(now)) if draft.enabled else made


def due_from(schedule: Schedule, found: Occurrence | None) -> Schedule:
    """The schedule with what is to be decided next; if nothing is, it is finished.

    A schedule that is not due by the clock never is, and stays as it is.
    """
    if found is not None:
        return replace(schedule, next_due=found.due, next_fire=found.fires_at)
    config = schedule.schedule_config
    by_clock = config.event is None and not config.manual
    status = ScheduleStatus.FINISHED if by_clock else schedule.status
    return replace(schedule, next_due=None, next_fire=None, status=status)


def changed_schedule(
    schedule: Schedule, changes: ScheduleChanges, workflows: WorkflowBook, now: datetime
) -> Schedule:
    """The record after a partial change, one version on. Raises `InvalidInput`.

    Secrets stay with their workflow: a schedule that runs another one is to be given them again.
    """
    draft = validated(ScheduleDraft, _merged(schedule, changes.given))
    is_same = draft.workflow_id == schedule.workflow_id
    stored = schedule.execution_config.params if is_same else {}
    draft = _checked(schedule.id, draft, workflows, schedule.created_at, stored)
    changed = replace(
        schedule,
        workflow_id=WorkflowId(draft.workflow_id),
        name=draft.name,
        description=draft.description,
        status=_status_after(schedule, draft, rule_changed="scheduleConfig" in changes.given),
        schedule_config=draft.schedule_config,
        execution_config=draft.execution_config,
        metadata=draft.metadata,
        version=schedule.version + 1,
        updated_at=now,
    )
    return _rescheduled(changed, schedule, now)


def _rescheduled(changed: Schedule, before: Schedule, now: datetime) -> Schedule:
    """With what is to be decided next: as before if the rule is, else counted from now."""
    if changed.status is ScheduleStatus.DISABLED or changed.status is ScheduleStatus.FINISHED:
        return replace(changed, next_due=None, next_fire=None)
    same_rule = changed.schedule_config == before.schedule_config
    if not same_rule or before.next_due is None:
        changed = _after_new_rule(changed, now)
    if changed.status is ScheduleStatus.PAUSED:
        return replace(changed, next_fire=None)
    return changed


def _after_new_rule(changed: Schedule, now: datetime) -> Schedule:
    limit = changed.schedule_config.max_runs
    used_up = limit is not None and changed.runs >= limit
    changed = due_from(changed, None if used_up else Timetable.of(changed).next(now))
    return replace(changed, status=ScheduleStatus.FINISHED) if used_up else changed


def _status_after(
    schedule: Schedule, draft: ScheduleDraft, *, rule_changed: bool
) -> ScheduleStatus:
    if not draft.enabled:
        return ScheduleStatus.DISABLED
    revived = schedule.status is ScheduleStatus.FINISHED and rule_changed
    if schedule.status is ScheduleStatus.DISABLED or revived:
        return ScheduleStatus.ACTIVE
    return schedule.status


def _merged(schedule: Schedule, given: Mapping[str, Any]) -> dict[str, Any]:
    current: dict[str, Any] = {
        "workflowId": schedule.workflow_id,
        "name": schedule.name,
        "description": schedule.description,
        "enabled": schedule.enabled,
        "scheduleConfig": schedule.schedule_config.model_dump(mode="json"),
        "executionConfig": schedule.execution_config.model_dump(mode="json"),
        "metadata": schedule.metadata,
    }
    merged = {**current, **given}
    for name in ("scheduleConfig", "executionConfig"):
        part = merged[name]
        if isinstance(part, Mapping) and part is not current[name]:
            merged[name] = {**_without_old_rule(current[name], part), **part}
    return merged


def _without_old_rule(current: dict[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    if not any(part.get(kind) is not None for kind in KINDS):
        return current
    dropped = {*KINDS, "anchor", "eventFilter"}
    if part.get("manual") is not None or part.get("event") is not None:
        dropped |= CLOCKWORK
    return {name: value for name, value in current.items() if name not in dropped}


def _checked(
    key: ScheduleId,
    draft: ScheduleDraft,
    workflows: WorkflowBook,
    created_at: datetime,
    stored: Mapping[str, Any] | None = None,
) -> ScheduleDraft:
    """The draft as it may be stored; `stored` are the parameters before."""
    workflow = workflows.get(WorkflowId(draft.workflow_id))
    if workflow is None:
        hint = workflows.hint(WorkflowId(draft.workflow_id))
        raise InvalidInput.field(
            "workflowId",
            msg=f"there is no workflow {draft.workflow_id!r}; {hint}",
        )
    _check_event(draft.schedule_config, workflows)
    Timetable(key, draft.schedule_config, created_at).check(created_at)
    params, found = workflows.admitted(workflow, draft.execution_config.params, stored)
    wrong = [
        FieldError(("executionConfig", "params", name), msg)
        for name, msg in found
        if name in params or not draft.schedule_config.manual  # a trigger can still give it
    ]
    if wrong:
        raise InvalidInput(wrong)
    for place, value in (
        (("executionConfig", "params"), params),
        (("metadata",), draft.metadata),
    ):
        try:
            check_plain(value)
        except NotPlainData as error:
            raise InvalidInput.field(*place, msg=str(error)) from None
    config = draft.execution_config.model_copy(update={"params": params})
    return draft.model_copy(update={"execution_config": config})


def _check_event(config: ScheduleConfig, workflows: WorkflowBook) -> None:
    watched = None if config.event is None else watched_workflow(config.event)
    if watched is not None and watched not in workflows:
        raise InvalidInput.field(
            "scheduleConfig",
            "event",
            msg=f"there is no workflow {watched!r}; {workflows.hint(watched)}",
        )


def _message(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "is no field here; leave it out, or look at its spelling"
    if error["type"] == "missing":
        return "is required"
    message: str = error["msg"]
    return message.removeprefix("Value error, ")
