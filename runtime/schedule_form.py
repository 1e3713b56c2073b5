"""A schedule in the outside interface's form, as it is shown, exported and imported. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from quarterjack.storage import FieldError, InvalidInput, Schedule, ScheduleConfig
from quarterjack.storage.configs import KINDS
from quarterjack.storage.instants import format_instant

if TYPE_CHECKING:
    from quarterjack.actors.drafts import ScheduleDraft

OUTPUT_ONLY: Final = ("scheduleId", "version", "createdAt", "updatedAt")
"""What an exported schedule has besides its id and what its owner said of it."""


def form_of(schedule: Schedule) -> dict[str, Any]:
    """A scheduled workflow."""
    return {
        "id": schedule.id,
        "scheduleId": schedule.id,
        **draft_form(schedule),
        "version": schedule.version,
        "createdAt": format_instant(schedule.created_at),
        "updatedAt": format_instant(schedule.updated_at),
    }


def draft_form(draft: "ScheduleDraft | Schedule") -> dict[str, Any]:
    """What its owner says of a schedule, with the defaults for what they leave out."""
    return {
        "workflowId": draft.workflow_id,
        "name": draft.name,
        "description": draft.description,
        "enabled": draft.enabled,
        "scheduleConfig": config_form(draft.schedule_config),
        "executionConfig": draft.execution_config.model_dump(mode="json"),
        "metadata": draft.metadata,
    }


def config_form(config: ScheduleConfig) -> dict[str, Any]:
    """When it fires: the kind it has, and not those that it has not."""
    shown = config.model_dump(mode="json")
    for name in (*KINDS, "anchor", "eventFilter"):
        if shown[name] is None:
            del shown[name]
    if config.cron is not None and len(config.cron) == 1:
        shown["cron"] = config.cron[0]
    return shown


def without_output(form: Mapping[str, Any]) -> tuple[object, dict[str, Any]]:
    """The id that a form has (None: none), and what its owner says of the schedule.

    Raises `InvalidInput` for two ids.

    >>> without_output({"id": "sch_1", "version": 4, "name": "Nightly"})
    ('sch_1', {'name': 'Nightly'})
    """
    draft = {name: value for name, value in form.items() if name not in ("id", *OUTPUT_ONLY)}
    key, other = form.get("id"), form.get("scheduleId")
    if key is not None and other is not None and key != other:
        raise InvalidInput([FieldError(("scheduleId",), "is another one than id; leave it out")])
    return (other if key is None else key), draft
