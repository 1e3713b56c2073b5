"""`quarterjack watch`: what happens, as it happens, on a terminal, in lines, or as JSON for programs."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
from click.shell_completion import CompletionItem

from quarterjack.storage import ScheduleId, WorkflowId
from quarterjack.storage.events import TOPICS

from .. import names
from ..help_text import examples
from ..options import option
from ..server_options import server_options
from ..typed_names import ScheduleType, WorkflowType

if TYPE_CHECKING:
    from rich.console import Console

    from ...client import Client, EventStream
    from ...shapes.events import Event
    from ...shapes.executions import Execution
    from .known_names import KnownNames
    from .watch_board import WatchBoard

_ALL: Final = "*"
_PROGRESS: Final = "workflow:step:progress"
_SILENCE: Final = 3.0
"""Seconds after which it is looked whether the server is there."""
_EACH_SECOND: Final = 4
_AT_ONCE: Final = 1_000
"""Events between two looks at what is on the screen."""
_MOST_RUNNING: Final = 500
_IN_DETAIL: Final = 50


class Watched(NamedTuple):
    """A schedule, or a workflow, or all."""

    schedule_id: ScheduleId | None
    workflow_id: WorkflowId | None

    @property
    def key(self) -> str | None:
        """That of its events."""
        return self.schedule_id or self.workflow_id


class TopicType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """What can be subscribed to; the type of an event does as well."""

    name = "topic"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        topic = str(value).replace(".", ":")
        if topic not in TOPICS:
            told = ", ".join(sorted(TOPICS))
            self.fail(f"there is no topic {value!r:.60}; there are {told}", param, ctx)
        return topic

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        return [CompletionItem(each) for each in sorted(TOPICS) if each.startswith(incomplete)]


@click.command(
    epilog=examples(
        "quarterjack watch",
        'quarterjack watch "Nightly report"',
        "quarterjack watch --workflow daily-report --topic workflow:failed",
        "quarterjack watch --topic 'schedule:*' --after 1040 --json | jq .type",
    )
)
@click.argument("name", type=ScheduleType(), required=False)
@option("--topic", default=_ALL, type=TopicType(), help="Only these events.", metavar="TOPIC")
@option("--workflow", type=WorkflowType(), metavar="ID", help="Only events of this workflow.")
@option(
    "--after",
    type=click.IntRange(0),
    metavar="SEQ",
    help="First the stored events after this number.",
)
@server_options
def watch(
    client: "Client",
    name: str | None,
    topic: str,
    workflow: str | None,
    after: int | None,
    as_json: bool,
) -> None:
    """Show what runs now and what happens, as it happens, until Ctrl-C.

    With NAME, a schedule's id or its name, only what has to do with it. On a terminal it is a view that
    fills it: what runs now with steps and bars, then the latest events. Elsewhere there is a line for each
    event, or with --json a line of JSON. It goes on when the connection was lost, also when the server was
    started again: no event is left out, and none comes twice.
    """
    from rich.console import Console

    if name is not None and workflow is not None:
        raise click.UsageError("give a schedule or --workflow, not both")
    console = Console()
    if name is not None:
        watched = Watched(ScheduleId(names.schedule_id(client, name)), None)
    elif workflow is not None:
        watched = Watched(None, WorkflowId(names.workflow_id(client, workflow)))
    else:
        watched = Watched(None, None)
    if as_json or not console.is_terminal:
        _print_lines(client, watched, topic, after, as_json=as_json)
    else:
        _draw(client, watched, topic, after, console)


def _print_lines(
    client: "Client", watched: Watched, topic: str, after: int | None, *, as_json: bool
) -> None:
    from ... import json_text
    from .event_words import line
    from .known_names import KnownNames

    known = KnownNames(client)
    with client.events(topic, key=watched.key, after=after) as stream:
        for event in stream:
            if as_json:
                click.echo(json_text.dump(event.model_dump(mode="json")))
                continue
            known.learn([event.schedule_id])
            click.echo(line(event, known.of(event.schedule_id, event.workflow_id)))


def _draw(
    client: "Client", watched: Watched, topic: str, after: int | None, console: "Console"
) -> None:
    from rich.live import Live

    from .known_names import KnownNames
    from .watch_board import WatchBoard
    from .watch_view import WatchView

    board, known = WatchBoard(), KnownNames(client)
    with client.events(_ALL, key=watched.key, after=after) as stream:
        board.begin(stream.opened.get(), _running(client, watched))
        known.learn([watched.schedule_id])
        title = known.of(watched.schedule_id, watched.workflow_id) or client.url
        view = WatchView(board, known, title)
        _learn_shown(board, known, console.height)
        with Live(view, console=console, screen=True, refresh_per_second=_EACH_SECOND):
            while True:
                _feed(client, stream, board, topic)
                _learn_shown(board, known, console.height)


def _running(client: "Client", watched: Watched) -> "Iterator[Execution]":
    """What runs now; the oldest with their steps."""
    from quarterjack.storage import ExecutionStatus, NotFound
    from quarterjack.storage.queries import ExecutionFilter, PageRequest

    for status in (ExecutionStatus.RUNNING, ExecutionStatus.WAITING):
        wanted = ExecutionFilter(status, watched.workflow_id, watched.schedule_id)
        page = client.list_executions(wanted, PageRequest(_MOST_RUNNING)).get()
        oldest = page.items[::-1]
        for each in oldest[:_IN_DETAIL]:
            try:
                yield client.get_execution(each.id).get()
            except NotFound:
                continue  # it was pruned meanwhile
        yield from oldest[_IN_DETAIL:]


def _learn_shown(board: "WatchBoard", known: "KnownNames", rows: int) -> None:
    seen = board.seen(rows)
    schedules = [each.schedule_id for each in seen.running]
    schedules += [each.schedule_id for each in seen.events]
    known.learn(schedules, [each.workflow_id for each in seen.running])


def _feed(client: "Client", stream: "EventStream", board: "WatchBoard", topic: str) -> None:
    """Give the board what has come, or tell it why nothing comes."""
    import pykka

    from quarterjack.storage import QuarterjackError

    try:
        first = stream.next(_SILENCE)
    except pykka.Timeout:
        try:
            client.health().get()
        except QuarterjackError as error:
            board.trouble(f"{error}; trying again")
        else:
            board.trouble("")
        return
    for event in (first, *islice(_waiting(stream), _AT_ONCE)):
        board.take(event, wanted=_is_told(event, topic))


def _is_told(event: "Event", topic: str) -> bool:
    """Whether it is among the latest events; progress is in the bars, unless it is what is asked for."""
    from quarterjack.storage import Event, ExecutionId
    from quarterjack.storage.events import topics

    key = None if event.execution_id is None else ExecutionId(event.execution_id)
    kinds = topics(Event(event.type, event.timestamp, execution_id=key))
    return topic in kinds and (_PROGRESS not in kinds or topic == _PROGRESS)


def _waiting(stream: "EventStream") -> "Iterator[Event]":
    """What has come already."""
    import pykka

    while True:
        try:
            yield stream.next(0)
        except pykka.Timeout:
            return
