"""A draft's cron expression with its policies, played through here by the scheduler's own rule."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import click

from quarterjack.actors.drafts import validated
from quarterjack.actors.policies.timetable import Timetable
from quarterjack.actors.preview import Preview, PreviewItem, PreviewRequest, drafted, preview
from quarterjack.storage import InvalidInput, ScheduleId
from quarterjack.storage.calendar_names import calendar_of
from quarterjack.storage.durations import parse_duration

_OF_THE_RUN: Final = ("assumedDuration", "maxConcurrency")
_NUMBERS: Final = ("maxRuns", "maxConcurrency")


def played(
    expression: str, timezone: str, policies: Sequence[str], after: datetime, count: int, seed: str
) -> Preview:
    """What such a schedule would do next. Raises `click.BadParameter` that names what is wrong."""
    config: dict[str, Any] = {"cron": expression, "timezone": timezone}
    form: dict[str, Any] = {"scheduleConfig": config, "limit": count, "from": after.isoformat()}
    for name, value in _named(policies):
        target = form if name in _OF_THE_RUN else config
        if name == "exclude":
            config.setdefault("exclude", []).append(value)
        else:
            target[name] = value
    try:
        request = validated(PreviewRequest, form)
        _refuse_calendars(request.schedule_config.exclude)
        schedule = drafted(request.schedule_config, after, ScheduleId(seed))
        timetable = Timetable.of(schedule)
        timetable.check(after)
    except InvalidInput as error:
        told = "; ".join(f"{'.'.join(map(str, each.loc))}: {each.msg}" for each in error.errors)
        raise click.BadParameter(told, param_hint="EXPR or --policy") from None
    return preview(
        schedule,
        timetable,
        after,
        None,
        assumed_duration=request.assumed_duration or parse_duration(0),
        limit=request.limit,
    )


def lines(found: Preview) -> Iterator[str]:
    """Each instant as the clock on the wall there shows it, with what becomes of it and why."""
    for each in found.items:
        local = each.local
        offset = f"{local:%z}"
        when = f"{local:%a %Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"
        yield "  ".join([when, *_told(each)])


def _told(each: PreviewItem) -> Iterable[str]:
    yield (
        each.outcome.value if each.reason is None else f"{each.outcome.value}: {each.reason.value}"
    )
    late = each.fires_at - each.due
    if late:
        yield f"+{late.total_seconds():.0f} s"
    if each.clock_change is not None:
        yield f"({each.clock_change})"


def _named(policies: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for policy in policies:
        name, separator, value = policy.partition("=")
        if not separator:
            raise click.BadParameter(
                f"{policy!r:.60} has no value; write overlap=queueAll, or exclude=2026-12-25",
                param_hint="--policy",
            )
        yield name, int(value) if name in _NUMBERS and value.isdecimal() else value


def _refuse_calendars(exclude: Sequence[str]) -> None:
    named = [entry for entry in exclude if calendar_of(entry) is not None]
    if named:
        raise click.BadParameter(
            f"{named[0]} is a calendar of a server; ask it with POST /api/schedules/preview",
            param_hint="--policy",
        )
