"""When a schedule fires, in plain English, for people who look at a list of them. Pure.

>>> in_words(ScheduleConfig.model_validate({"interval": "90m"}), ScheduleId("sch_1"))
'Every 1 hour and 30 minutes'
"""

from datetime import timedelta
from typing import Final

from quarterjack.storage import InvalidInput, ScheduleConfig, ScheduleId
from quarterjack.storage.instants import format_instant

from .cron import CronError, cron_expression
from .cron_words import describe
from .triggers import zone_of

_UNITS: Final = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}


def in_words(config: ScheduleConfig, key: ScheduleId) -> str:
    """The rule of the schedule `key`, also of one whose rule makes no sense any more."""
    if config.cron is not None:
        return "; ".join(_cron(line, key) for line in config.cron)
    if config.interval is not None:
        return f"Every {_span(config.interval)}"
    if config.at is not None:
        return _once(config)
    if config.event is not None:
        return f"When the event {config.event} comes"
    return "Only when it is triggered"


def _cron(line: str, key: ScheduleId) -> str:
    try:
        return describe(cron_expression(line, key))
    except CronError:
        return line


def _once(config: ScheduleConfig) -> str:
    assert config.at is not None
    try:
        local = config.at.astimezone(zone_of(config))
    except InvalidInput:  # a zone that this machine does not know any more
        return f"Once, at {format_instant(config.at)}"
    return f"Once, on {local:%Y-%m-%d} at {local:%H:%M:%S}"


def _span(span: timedelta) -> str:
    """`minute`, `5 minutes`, `1 hour and 30 minutes`."""
    parts, rest = [], span
    for unit, length in _UNITS.items():
        count, rest = divmod(rest, length)
        if count:
            parts.append((count, unit))
    if rest or not parts:
        return f"{span.total_seconds():g} seconds"
    if len(parts) == 1 and parts[0][0] == 1:
        return parts[0][1]
    shown = [f"{count} {unit}" if count == 1 else f"{count} {unit}s" for count, unit in parts]
    *most, last = shown
    return f"{', '.join(most)} and {last}" if most else last
