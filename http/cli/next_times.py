"""`quarterjack next`: when a cron expression is due, computed here by the scheduler's own rule."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from quarterjack.actors.engine.clock import wall_clock
from quarterjack.actors.policies.cron import CronError, CronExpression
from quarterjack.actors.policies.cron_words import describe
from quarterjack.actors.preview import Preview
from quarterjack.storage.instants import format_instant

from .. import json_text
from ..shapes.previews import Preview as ShownPreview
from .help_text import examples
from .options import config_option, json_option, option
from .played_draft import lines, played
from .zones import ZoneType

_MOST: Final = 1_000


class InstantType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A day or an instant in ISO 8601; without an offset it is in the time zone of the command."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r:.60} is no instant; write 2026-12-24T18:00 or add +01:00", param, ctx
            )


@click.command(
    name="next",
    epilog=examples(
        'quarterjack next "0 3 * * *" --timezone Europe/Paris',
        'quarterjack next "30 2 * * *" --after 2026-03-28 --count 3',
        'quarterjack next "0 */12 * * *" --policy overlap=skip --policy assumedDuration=13h',
    ),
)
@click.argument("expression", metavar="EXPR")
@option("--timezone", default="UTC", type=ZoneType(), help="In which the expression is meant.")
@option("--count", default=10, type=click.IntRange(1, _MOST), help="How many.")
@option("--after", type=InstantType(), help="Begin later than this instant; by default now.")
@option("--seed", default="", metavar="ID", help="The id of the schedule that an H is for.")
@option(
    "--policy",
    multiple=True,
    metavar="NAME=VALUE",
    help="Play the schedule through with a field of its scheduleConfig, such as overlap=queueAll; "
    "also assumedDuration=2h. Repeatable.",
)
@json_option
@config_option
def next_command(
    expression: str,
    timezone: ZoneInfo,
    count: int,
    after: datetime | None,
    seed: str,
    policy: tuple[str, ...],
    as_json: bool,
) -> None:
    """When a schedule with the cron expression EXPR is due next: `quarterjack next "0 3 * * *"`.

    With --policy, what would become of each instant of the next 90 days, and why. Needs no server.
    """
    try:
        cron = CronExpression(expression, seed)
    except CronError as error:
        raise click.BadParameter(str(error), param_hint="EXPR") from None
    if policy:
        draft = played(expression, timezone.key, policy, _instant(after, timezone), count, seed)
        _show_played(f"{describe(cron)} ({timezone.key})", draft, as_json=as_json)
        return
    found = list(next_times(cron, timezone, _instant(after, timezone), count))
    if as_json:
        times = [format_instant(instant) for instant in found]
        click.echo(json_text.dump({"description": describe(cron), "items": times}))
        return
    click.echo(f"{describe(cron)} ({timezone.key})")
    for instant in found:
        click.echo(local_text(instant, timezone))
    if not found:
        click.echo("never", err=True)
        sys.exit(1)


def _show_played(title: str, found: Preview, *, as_json: bool) -> None:
    if as_json:
        click.echo(json_text.dump(ShownPreview.of(found).model_dump()))
        return
    click.echo(title)
    for line in lines(found):
        click.echo(line)
    if not found.items:
        click.echo("nothing within 90 days", err=True)
        sys.exit(1)


def next_times(
    cron: CronExpression, zone: ZoneInfo, after: datetime, count: int
) -> Iterator[datetime]:
    """The next due instants, at most so many."""
    instant: datetime | None = after
    for _ in range(count):
        instant = cron.next(instant, zone) if instant is not None else None
        if instant is None:
            return
        yield instant


def local_text(instant: datetime, zone: ZoneInfo) -> str:
    """As a clock on the wall there shows it, with the offset.

    >>> local_text(datetime(2026, 7, 1, 1, tzinfo=UTC), ZoneInfo("Europe/Paris"))
    'Wed 2026-07-01 03:00:00 +02:00'
    """
    local = instant.astimezone(zone)
    offset = f"{local:%z}"
    return f"{local:%a %Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"


def _instant(given: datetime | None, zone: ZoneInfo) -> datetime:
    if given is None:
        return wall_clock()
    aware = given if given.tzinfo is not None else given.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise click.BadParameter("out of range (years 1 to 9999)", param_hint="--after") from None
