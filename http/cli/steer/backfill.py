"""`quarterjack backfill`: runs a schedule for the due instants of a range that have no execution."""

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn
from zoneinfo import ZoneInfo

import click

from quarterjack.storage import BackfillStatus
from quarterjack.storage.instants import format_instant

from ... import json_text
from .. import names
from ..exit_codes import ExitCode
from ..help_text import examples
from ..options import option
from ..server_options import server_options
from ..terminal_text import shown
from ..typed_names import ScheduleType
from .trigger import params_options
from .waiting import still, stopped_waiting, wait_options

if TYPE_CHECKING:
    from ...client import Client
    from ...shapes.backfills import Backfill

_POLICIES: Final = ("queueAll", "allow")


class DayOrInstantType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A day or an instant in ISO 8601; without an offset it is meant in the schedule's time zone."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            told = f"{value!r:.60} is no day and no instant; write 2026-12-24 or 2026-12-24T18:00"
            self.fail(
                f"{told}, and +01:00 behind it if it is not in the schedule's zone", param, ctx
            )


@click.command(
    epilog=examples(
        "quarterjack backfill nightly 2026-11-01 2026-12-01",
        'quarterjack backfill "Nightly report" 2026-11-01 2026-12-01 --max-concurrency 4 --wait',
        "quarterjack backfill hourly 2026-11-01T06:00 2026-11-01T18:00 --param region=eu --json",
    )
)
@click.argument("name", type=ScheduleType())
@click.argument("start", type=DayOrInstantType())
@click.argument("end", type=DayOrInstantType())
@params_options
@option(
    "--overlap",
    type=click.Choice(_POLICIES),
    help="One after the other, oldest first (queueAll, the default), or several at once (allow).",
)
@option(
    "--max-concurrency", type=click.IntRange(1, 10_000), help="How many at once; implies allow."
)
@option(
    "--priority",
    type=click.IntRange(0, 9),
    help="Lower ones begin first; by default 9, so that nobody else waits.",
)
@wait_options
@server_options
def backfill(
    client: "Client",
    name: str,
    start: datetime,
    end: datetime,
    params: dict[str, Any] | None,
    overlap: str | None,
    max_concurrency: int | None,
    priority: int | None,
    wait: bool,
    timeout: timedelta | None,
    as_json: bool,
) -> None:
    """Run the schedule NAME for each instant from START to before END that has no execution.

    NAME is the schedule's id or its name; the instants are those at which it was due by its present rule.
    START and END are days or instants (2026-11-01, 2026-11-01T18:00), in the schedule's time zone unless
    they have an offset. What has run is left alone, so the same call again makes nothing. With --wait, a bar
    shows how far it is, and the exit code is 0 if all of it succeeded, and 10 if not.
    """
    schedule = client.get_schedule(names.schedule_id(client, name)).get()
    zone = ZoneInfo(schedule.schedule_config.timezone)
    wanted = {
        "start": format_instant(_aware(start, zone, "START")),
        "end": format_instant(_aware(end, zone, "END")),
        "params": params,
        "overlap": overlap,
        "maxConcurrency": max_concurrency,
        "priority": priority,
    }
    given = {field: value for field, value in wanted.items() if value is not None}
    made = client.backfill_schedule(schedule.id, given).get()
    if wait and made.execution_ids:
        _wait_for_end(client, made.backfill_id, schedule.name, timeout, as_json=as_json)
    if as_json:
        click.echo(json_text.dump(made.model_dump(mode="json")))
        return
    count = len(made.execution_ids)
    if not count:
        click.echo(
            f"{shown(schedule.name)}: nothing to run, each due instant has an execution", err=True
        )
        return
    click.echo(f"{shown(schedule.name)}: {count} executions are waiting to run, as", err=True)
    click.echo(made.backfill_id)


def _aware(given: datetime, zone: ZoneInfo, name: str) -> datetime:
    aware = given if given.tzinfo is not None else given.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise click.BadParameter("out of range (years 1 to 9999)", param_hint=name) from None


def _wait_for_end(
    client: "Client", key: str, title: str, timeout: timedelta | None, *, as_json: bool
) -> NoReturn:
    from rich.console import Console

    from ..following import Followed, StillRunning, follow
    from ..live.backfill_view import BackfillView, is_over, words

    view = BackfillView(Console(stderr=as_json, quiet=as_json and not sys.stderr.isatty()), title)
    schedule_id = client.get_backfill(key).get().schedule_id
    what: Followed[Backfill] = Followed(
        look=lambda: client.get_backfill(key).get(),
        is_over=is_over,
        topic="workflow:*",
        key=schedule_id,
    )
    seconds = None if timeout is None else timeout.total_seconds()
    try:
        with view.drawn():
            found = follow(client, what, view, seconds)
    except StillRunning:
        raise still(key, timeout) from None
    except KeyboardInterrupt:
        stopped_waiting(f"the backfill {key}", key)
    if as_json:
        click.echo(json_text.dump(found.model_dump(mode="json")))
    else:
        click.echo(f"{key} {words(found)}")
    succeeded = found.status is BackfillStatus.FINISHED and found.succeeded == found.total
    sys.exit(ExitCode.DONE if succeeded else ExitCode.UNSUCCESSFUL)
