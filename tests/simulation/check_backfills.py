"""Backfills: each past instant that had no execution gets one, and only one; their counts are true."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.check_times import Calendars
from tests.simulation.driver import Record
from tests.simulation.epochs import FOREVER, Epoch
from tests.simulation.evidence import BackfillRow, Evidence, ExecutionRow, FireRow
from tests.simulation.rules import SECOND, due_instants, is_excluded

BACKFILLED = "backfilled"
_COUNTED_AS = {
    "succeeded": "succeeded",
    "failed": "failed",
    "timedOut": "failed",
    "cancelled": "cancelled",
}


def check_backfills(
    backfills: list[BackfillRow],
    rows: list[FireRow],
    executions: list[ExecutionRow],
    epochs: list[Epoch],
    record: Record,
    calendars: Calendars,
    *,
    is_steady: bool,
) -> Iterator[str]:
    """Sentences about what is wrong with those of a schedule."""
    by_id = {each.id: each for each in executions}
    known = {each.id: each for each in backfills}
    for row in rows:
        made = by_id.get(row.execution or "")
        if (row.outcome == BACKFILLED) != (made is not None and made.backfill in known):
            yield f"{row} is of {made}"
        elif row.outcome == BACKFILLED and made is not None:
            yield from _row(row, made, known[made.backfill or ""], epochs, calendars, is_steady)
    for backfill in backfills:
        mine = [e for e in executions if e.backfill == backfill.id and e.retry_of is None]
        for problem in [
            *_counts(backfill, mine, record),
            *_cancel(backfill, mine, record, is_steady),
        ]:
            yield f"{backfill.id}: {problem}"
        if is_steady:
            yield from _at_once(backfill, mine)
    if is_steady:
        yield from _complete(known, rows, epochs, record, calendars)


def _row(
    row: FireRow,
    made: ExecutionRow,
    backfill: BackfillRow,
    epochs: list[Epoch],
    calendars: Calendars,
    is_steady: bool,
) -> Iterator[str]:
    if made.due != row.due or made.trigger != "backfill":
        yield f"{row} has {made}"
    if not backfill.start <= row.due < backfill.end:
        yield f"{row} is not in {backfill}"
    if not is_steady:
        return
    if backfill.end > backfill.created or row.due >= row.decided:
        yield f"{row} was still to come"
    rules = [each for each in epochs if each.begin <= row.decided <= each.end]
    if not any(_is_due(each, row.due) for each in rules):
        yield f"{row} was not due by the rule of then"
    if rules and all(
        is_excluded(each.config, row.due, days)
        for each in rules
        for days in calendars.of(each.config, row.decided)
    ):
        yield f"{row}: it is excluded"


def _is_due(epoch: Epoch, due: int) -> bool:
    return due in _range(epoch, due, due + 1)


def _range(epoch: Epoch, first: int, end: int) -> list[int]:
    """The due instants of its rule, also before it; an interval's first is one after its creation."""
    config = epoch.config
    if "interval" in config and not config.get("anchor") and not config.get("startAt"):
        first = max(first, epoch.anchor + 1)
    return list(due_instants(config, epoch.anchor, first - 1, end))


def _counts(backfill: BackfillRow, mine: list[ExecutionRow], record: Record) -> Iterator[str]:
    """What is said of its progress is what a count gives."""
    if backfill.total != len(mine):
        yield f"it has {len(mine)} executions, and says {backfill.total}"
    told = record.progress.get(backfill.id)
    if told is None:
        yield "nobody knows how far it is"
        return
    counted = Counter(_COUNTED_AS.get(each.status, each.status) for each in mine)
    said = {"succeeded": told.succeeded, "failed": told.failed, "cancelled": told.cancelled}
    said |= {"queued": told.queued, "running": told.running}
    if any(counted[name] != number for name, number in said.items()):
        yield f"it counts {said}, there are {dict(counted)}"
    status = "finished" if backfill.cancelled is None else "cancelled"
    if told.status.value != status:
        yield f"it is {told.status.value}, not {status}"


def _cancel(
    backfill: BackfillRow, mine: list[ExecutionRow], record: Record, is_steady: bool
) -> Iterator[str]:
    """After a cancel nothing of it begins, and what did not begin is cancelled."""
    answers = [
        call.answer
        for call in record.calls
        if call.kind == "end_backfill" and call.key == backfill.id and call.answer is not None
    ]
    if any(not each.error for each in answers) and backfill.cancelled is None:
        yield "it was cancelled, and nobody knows that"
    if backfill.cancelled is None:
        return
    for each in mine:
        if each.started is None and each.status != "cancelled":
            yield f"it was cancelled, and {each.id} is {each.status}"
        done = [answer.at for answer in answers if not answer.error]
        if is_steady and done and each.started is not None and each.started > min(done):
            yield f"{each.id} began after the cancel"


def _at_once(backfill: BackfillRow, mine: list[ExecutionRow]) -> Iterator[str]:
    """No more at once than it may; one after the other means the oldest first."""
    begun = [each for each in mine if each.started is not None]
    turns = [(each.started or 0, 1) for each in begun]
    turns += [(each.ended or FOREVER, -1) for each in begun]
    running = 0
    for _, turn in sorted(turns):
        running += turn
        if running > backfill.limit:
            yield f"{backfill.id}: {running} ran at once, {backfill.limit} may"
            return
    in_order = sorted(begun, key=lambda each: each.due or 0)
    starts = [each.started or 0 for each in in_order]
    if backfill.limit == 1 and starts != sorted(starts):
        yield f"{backfill.id}: its executions did not begin in the order of their instants"


def _complete(
    known: dict[str, BackfillRow],
    rows: list[FireRow],
    epochs: list[Epoch],
    record: Record,
    calendars: Calendars,
) -> Iterator[str]:
    """What was answered has left no instant without an execution."""
    by_due = {row.due: row for row in rows if row.through is None}
    for call in record.calls:
        backfill = known.get(call.given.get("backfill", ""))
        if backfill is None or call.answer is None or call.answer.error:
            continue
        epoch = [each for each in epochs if each.begin < call.at and call.answer.at < each.end]
        if len(epoch) != 1:
            continue
        config = epoch[0].config
        until = min(call.given["last"], call.at - int(config.get("jitter", 0)) * SECOND)
        for due in _range(epoch[0], call.given["first"], until):
            days = {*calendars.of(config, call.at), *calendars.of(config, call.answer.at)}
            found = by_due.get(due)
            if found is not None and (found.execution or found.decided >= call.at):
                continue
            if not any(is_excluded(config, due, each) for each in days):
                yield f"{backfill.id} has made nothing of {due}: {found}"


def check_totals(evidence: Evidence, record: Record) -> Iterator[str]:
    """What a call answered is what is stored."""
    for call in record.calls:
        if call.kind != "backfill" or call.answer is None or call.answer.error:
            continue
        key, ids = call.answer.value
        mine = [e.id for e in evidence.executions.values() if e.backfill == key and not e.retry_of]
        if key not in evidence.backfills or sorted(ids) != sorted(mine):
            yield f"{key} was answered with {len(ids)} executions, stored are {len(mine)}"
