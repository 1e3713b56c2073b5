"""Many schedules at once: exported in the outside interface's form, and imported by their ids.

An import goes through the schedules' own actors, some hundreds at a time, so that each is decided by
whoever decides about it otherwise, and all share their commits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from quarterjack.actors import messages as m
from quarterjack.actors.engine import Deliver, DeliverIfAwake, Reply
from quarterjack.storage import (
    AlreadyExists,
    FieldError,
    InvalidInput,
    NotFound,
    VersionConflict,
)
from quarterjack.storage import queries as q
from quarterjack.storage.database import Reader

from .assembly import Assembly
from .calls import Calls
from .chained import followed, repeated, settled
from .import_plan import Alter, Entry, Keep, Make, Refuse, Verdict, identified, plan
from .schedule_form import form_of
from .shown_records import ShownRecords

SLICE: Final = 256
"""Schedules that are asked at once."""
_ROUNDS: Final = 3
_PAGE: Final = 500
_MOST_ERRORS: Final = 20

Form = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LineErrors:
    """What is wrong with one of the schedules that were given; the first is on line 1."""

    line: int
    errors: Sequence[FieldError]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of an import; errors are in the order of their lines."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: Sequence[LineErrors] = field(default_factory=list)


class BulkCalls(Calls):
    """The calls for many schedules."""

    def export_schedules(self, wanted: q.ScheduleFilter = q.ScheduleFilter()) -> Reply[list[Form]]:
        """The schedules in the outside interface's form, oldest first, as `import_schedules` takes them."""

        def read(assembly: Assembly) -> Reply[list[Form]]:
            pages: list[Reply[q.Page[Form]]] = []

            def following() -> Reply[Any] | None:
                after = pages[-1].get().next if pages else None
                if pages and after is None:
                    return None
                pages.append(self.export_page(wanted, after))
                return pages[-1]

            def whole() -> list[Form]:
                return [form for page in pages for form in page.get().items]

            return repeated(following, whole, assembly.system.dispatcher.new_reply())

        return self._call(read)

    def export_page(self, wanted: q.ScheduleFilter, after: q.Key | None) -> Reply[q.Page[Form]]:
        """Some of the schedules in that form: those that come after a key; None: the first."""
        return self._read(_forms, wanted, q.PageRequest(_PAGE, after), self._shown)

    def import_schedules(
        self, forms: Iterable[Mapping[str, Any]], *, dry_run: bool = False
    ) -> Reply[ImportReport]:
        """Make each schedule so: a new one, or the one with that `id` changed to what its form says.

        What a form leaves out gets its default; without an `id` it is a new schedule, for which one is
        made. A wrong form does not stop the others. With `dry_run`, only what would happen is told.
        """
        lines = enumerate(forms, start=1)
        importing = self.begin_import(dry_run=dry_run)

        def take() -> Reply[None] | None:
            following = list(islice(lines, SLICE))
            return importing.take(following) if following else None

        return self._call(
            lambda assembly: repeated(
                take, lambda: importing.report, assembly.system.dispatcher.new_reply()
            )
        )

    def begin_import(self, *, dry_run: bool = False) -> "ScheduleImport":
        """An import whose schedules are given slice by slice."""
        return ScheduleImport(self._call, lambda: self._ids.new("sch"), rehearsed=dry_run)


class ScheduleImport:
    """An import in slices: `take` one, and the next when that has been answered.

    A rehearsed one looks what it would do, and does nothing.
    """

    def __init__(
        self,
        call: Callable[[Callable[[Assembly], Reply[None]]], Reply[None]],
        new_id: Callable[[], str],
        *,
        rehearsed: bool,
    ) -> None:
        self._call = call
        self._new_id = new_id
        self._rehearsed = rehearsed
        self._seen: dict[str, int] = {}
        self._counts = ImportReport()
        self._errors: list[LineErrors] = []

    @property
    def report(self) -> ImportReport:
        """What has come of it so far."""
        return replace(self._counts, errors=sorted(self._errors, key=lambda each: each.line))

    def refuse(self, line: int, errors: Sequence[FieldError]) -> None:
        """Note what is wrong with a line."""
        self._errors.append(LineErrors(line, errors[:_MOST_ERRORS]))

    def take(self, lines: Iterable[tuple[int, object]]) -> Reply[None]:
        """Import numbered forms; answered when they are stored.

        Raises `StorageUnavailable` and its like, which are no line's fault; part of them may be stored.
        """
        found = [identified(line, given, self._seen, self._new_id) for line, given in lines]
        for refusal in found:
            if isinstance(refusal, Refuse):
                self.refuse(*refusal)
        entries = [entry for entry in found if isinstance(entry, Entry)]
        return self._call(lambda assembly: self._round(assembly, entries, _ROUNDS))

    def _round(self, assembly: Assembly, entries: Sequence[Entry], left: int) -> Reply[None]:
        """Plan and ask; what somebody else has changed meanwhile is planned again."""
        if not entries:
            return Reply.of(None)
        if not left:
            told = "somebody else keeps changing it; import it again"
            for entry in entries:
                self.refuse(entry.line, [FieldError((), told)])
            return Reply.of(None)
        new_reply = assembly.system.dispatcher.new_reply

        def ask(verdicts: list[Verdict]) -> Reply[None]:
            asked = settled([self._asked(assembly, each) for each in verdicts], new_reply())
            return followed(asked, lambda errors: look(verdicts, errors), new_reply())

        def look(verdicts: list[Verdict], errors: list[BaseException | None]) -> Reply[None]:
            self._let_sleep(assembly, verdicts)
            again = [
                entries[index]
                for index, (verdict, error) in enumerate(zip(verdicts, errors, strict=True))
                if not self._counted(entries[index].line, verdict, error)
            ]
            return self._round(assembly, again, left - 1)

        workflows, now = assembly.environment.workflows, assembly.clock.now()
        planned = assembly.read(plan, entries, workflows, now, self._rehearsed)
        return followed(planned, ask, new_reply())

    def _asked(self, assembly: Assembly, verdict: Verdict) -> Reply[Any]:
        message: object
        match verdict:
            case Make(key, schedule) if not self._rehearsed:
                message = m.EnterSchedule(schedule)
            case Alter(key, version, changes) if not self._rehearsed:
                message = m.UpdateSchedule(changes, version)
            case _:
                return Reply.of(None)
        return assembly.cast.schedules.ask(Deliver(key, message))

    def _let_sleep(self, assembly: Assembly, verdicts: Sequence[Verdict]) -> None:
        """Tens of thousands that stay awake for a while would take memory, and time to collect it."""
        for verdict in verdicts:
            if isinstance(verdict, Make | Alter) and not self._rehearsed:
                message = DeliverIfAwake(verdict.key, m.FallAsleep())
                assembly.cast.schedules.tell(message)

    def _counted(self, line: int, verdict: Verdict, error: BaseException | None) -> bool:
        """Note what came of it; False: it has to be looked at again."""
        match error:
            case None:
                self._count(verdict)
            case InvalidInput():
                self.refuse(line, error.errors)
            case AlreadyExists() | NotFound() | VersionConflict():
                return False
            case _:
                raise error
        return True

    def _count(self, verdict: Verdict) -> None:
        counts = self._counts
        match verdict:
            case Make():
                self._counts = replace(counts, created=counts.created + 1)
            case Alter():
                self._counts = replace(counts, updated=counts.updated + 1)
            case Keep():
                self._counts = replace(counts, unchanged=counts.unchanged + 1)
            case Refuse(line, errors):
                self.refuse(line, errors)


def _forms(
    reader: Reader, wanted: q.ScheduleFilter, page: q.PageRequest, shown: ShownRecords
) -> q.Page[Form]:
    found = q.schedules(reader, wanted, page)
    return q.Page([form_of(shown.schedule(each)) for each in found.items], found.next)
