"""A plan as people and programs read it. Pure."""

import json
from collections.abc import Iterator
from typing import Any

from .schedule_plan import Difference, PlannedChange, SchedulePlan
from .terminal_text import shown

_LONGEST_VALUE = 80
_MOST_LEFT = 10


def plan_lines(plan: SchedulePlan) -> Iterator[str]:
    """`+` is made, `~` changed, `-` deleted; under a changed one, what of it."""
    for made in plan.create:
        yield f"+ {made.key}  {_headline(made.form)}"
    for change in plan.change:
        own = "" if change.is_marked else "  (not made from files, so never pruned; --take-over)"
        yield f"~ {change.wanted.key}  {shown(str(change.wanted.form['name']))}{own}"
        for difference in change.differences:
            yield f"    {_difference(difference)}"
    for gone in plan.delete:
        yield f"- {gone['id']}  {shown(gone['name'])}"


def plan_summary(plan: SchedulePlan) -> str:
    """How much there is to do."""
    return (
        f"to create: {len(plan.create)}, to change: {len(plan.change)}, "
        f"to delete: {len(plan.delete)}, unchanged: {len(plan.unchanged)}"
    )


def plan_notes(plan: SchedulePlan) -> Iterator[str]:
    """What is left to the user."""
    if plan.left:
        ids = [each["id"] for each in plan.left]
        more = f" and {len(ids) - _MOST_LEFT} more" if len(ids) > _MOST_LEFT else ""
        yield f"not wanted any more, but still there (see --prune): {', '.join(ids[:_MOST_LEFT])}{more}"


def plan_form(plan: SchedulePlan) -> dict[str, Any]:
    """For programs."""
    return {
        "create": [made.key for made in plan.create],
        "change": [_change(change) for change in plan.change],
        "delete": [gone["id"] for gone in plan.delete],
        "unchanged": plan.unchanged,
        "left": [each["id"] for each in plan.left],
    }


def _change(change: PlannedChange) -> dict[str, Any]:
    fields = [each._asdict() for each in change.differences]
    return {"id": change.wanted.key, "fields": fields}


def _headline(form: dict[str, Any]) -> str:
    config = form.get("scheduleConfig", {})
    rule = next((f"{kind} {_value(config[kind])}" for kind in config if kind != "timezone"), "")
    return f"{shown(str(form['name']))}: {form.get('workflowId')}, {rule}"


def _difference(found: Difference) -> str:
    return f"{found.field}: {_value(found.before)} → {_value(found.after)}"


def _value(value: Any) -> str:
    """As JSON, cut when it is long.

    >>> _value(None), _value(["a", 1])
    ('none', '["a", 1]')
    """
    if value is None:
        return "none"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
