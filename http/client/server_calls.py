"""What can be asked of a server's calendars, of events that are sent to it, and of itself."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from quarterjack.actors.engine import Reply
from quarterjack.storage import ExecutionId, InvalidInput
from quarterjack.storage.queries import PageRequest

from ..protocol import ICALENDAR
from ..shapes.calendars import Calendar, CalendarEntry
from ..shapes.events import Event
from ..shapes.executions import StartedMany
from ..shapes.overview import Overview
from ..shapes.server import Actor, CronMeaning, Health, Node, Readiness
from ..shapes.session import Session
from .asking import FIRST, Asking
from .listing import MOST, PagedReply
from .request import Wanted


class ServerCalls(Asking):
    """The calls about what is neither a schedule nor an execution."""

    # Calendars

    def put_calendar(
        self,
        name: str,
        *,
        dates: Sequence[str] | None = None,
        icalendar: str | bytes | None = None,
        description: str | None = None,
        version: int | None = None,
    ) -> Reply[Calendar]:
        """Make a calendar, or replace what it holds: `dates` and ranges of them, or an iCalendar text.

        An iCalendar text brings its own description. Raises `InvalidInput`, `VersionConflict`, and
        `NotFound` when a version is expected of a calendar that is not there.
        """
        parts = {"name": name}
        if (dates is None) == (icalendar is None):
            return _wrong("dates", "give either dates or an iCalendar text")
        if icalendar is None:
            days = [dates] if isinstance(dates, str) else list(dates or ())
            body = {"dates": days, "description": description or ""}
            return self._ask(Calendar, Wanted("putCalendar", parts, body=body, version=version))
        if description is not None:
            return _wrong("description", "an iCalendar text is sent with its own; leave it out")
        raw = icalendar.encode() if isinstance(icalendar, str) else icalendar
        wanted = Wanted("putCalendar", parts, raw=raw, media_type=ICALENDAR, version=version)
        return self._ask(Calendar, wanted)

    def get_calendar(self, name: str) -> Reply[Calendar]:
        """One calendar with its days. Raises `NotFound`."""
        return self._ask(Calendar, Wanted("getCalendar", {"name": name}))

    def list_calendars(self, page: PageRequest = FIRST) -> PagedReply[CalendarEntry]:
        """Calendars by name, without their days."""
        return self._list(CalendarEntry, Wanted("listCalendars"), page)

    def delete_calendar(self, name: str, *, version: int | None = None) -> Reply[None]:
        """Forget a calendar. Raises `NotFound`, `VersionConflict`, `CalendarInUse`."""
        return self._tell(Wanted("deleteCalendar", {"name": name}, version=version))

    # Events

    def send_event(
        self,
        event: str,
        payload: Any = None,
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        traceparent: str | None = None,
    ) -> Reply[list[ExecutionId]]:
        """Tell the executions that wait for an event of that name and key, and fire the schedules.

        The ids of the executions that go on and of those that begin. Without an `idempotency_key` it
        gets one of its own, so that it is sent once however often it is tried. Raises `InvalidInput`,
        and `IdempotencyConflict` for another event with that key.
        """
        body = {"payload": payload} if key is None else {"payload": payload, "key": key}
        wanted = Wanted(
            "sendEvent",
            {"event": event},
            body=body,
            key=idempotency_key,
            takes_key=True,
            traceparent=traceparent,
        )
        found = self._ask(StartedMany, wanted)
        return found.map(lambda started: [ExecutionId(each) for each in started.execution_ids])

    def list_events(
        self, after: int = 0, *, topic: str = "*", page: PageRequest = FIRST
    ) -> PagedReply[Event]:
        """Stored events after a sequence number, oldest first; those that come are in `events()`.

        A page can have fewer than wanted, and none, and not be the last.
        """
        query = {"after": after, "topic": topic}
        return self._list(Event, Wanted("listEvents", query=query), page)

    # The server

    def cron(
        self,
        expr: str,
        *,
        timezone: str = "UTC",
        after: datetime | None = None,
        count: int = 10,
        seed: str | None = None,
    ) -> Reply[CronMeaning]:
        """What a cron expression means, and when it is due. Raises `InvalidInput`."""
        query = {"expr": expr, "timezone": timezone, "after": after, "count": count, "seed": seed}
        return self._ask(CronMeaning, Wanted("readCron", query=query))

    def session(self) -> Reply[Session]:
        """Whose token this client has, and what it may do."""
        return self._ask(Session, Wanted("getSession"))

    def overview(self) -> Reply[Overview]:
        """How everything is, and which schedules need somebody."""
        return self._ask(Overview, Wanted("getOverview"))

    def actors(self) -> Reply[list[Actor]]:
        """The supervision tree as it is now."""
        return self._list(Actor, Wanted("listActors"), PageRequest(MOST)).all().gathered()

    def nodes(self) -> Reply[list[Node]]:
        """The processes that serve the database."""
        return self._list(Node, Wanted("listNodes"), PageRequest(MOST)).all().gathered()

    def health(self) -> Reply[Health]:
        """Whether the server's loop is quick."""
        return self._ask(Health, Wanted("getHealth"))

    def readiness(self) -> Reply[Readiness]:
        """Whether new work is taken."""
        unavailable = frozenset({int(HTTPStatus.SERVICE_UNAVAILABLE)})
        return self._ask(Readiness, Wanted("getReadiness", accepts=unavailable))


def _wrong(field: str, msg: str) -> Reply[Any]:
    failed: Reply[Any] = Reply()
    failed.set_exception(InvalidInput.field(field, msg=msg))
    return failed
