"""Time zones by their names in the IANA database. Reads a file the first time that one is asked for."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class UnknownTimeZone(ValueError):
    """There is no time zone of that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r:.60} is no IANA time zone; write one such as Europe/Paris or UTC"
        )


def time_zone(name: str) -> ZoneInfo:
    """The zone, the same object each time. Raises `UnknownTimeZone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimeZone(name) from None
