"""Time zones on the command line, and the one that this machine is in."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from tzlocal import get_localzone_name

from quarterjack.actors.policies.time_zones import UnknownTimeZone, time_zone

from .failure import ClientError


class ZoneType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A name such as `Europe/Paris`."""

    name = "timezone"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> ZoneInfo:
        if isinstance(value, ZoneInfo):
            return value
        try:
            return time_zone(value)
        except UnknownTimeZone as error:
            self.fail(str(error), param, ctx)


def local_zone() -> ZoneInfo:
    """The zone that cron jobs of this machine go by. Raises `ClientError` if it has no name."""
    try:
        return time_zone(get_localzone_name() or "UTC")
    except (ZoneInfoNotFoundError, UnknownTimeZone) as error:
        reason = str(error).partition("\n")[0]
        raise ClientError(
            f"this machine's time zone is not known ({reason}); say --timezone"
        ) from None
