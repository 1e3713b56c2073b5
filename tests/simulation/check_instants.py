"""Due instants: each has one row, which says the truth, and at most one execution.

Compared with the rule as the tests' own cron has it, and with the policies as they are promised.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from tests.simulation.driver import Record
from tests.simulation.epochs import FOREVER, Epoch, epochs_of
from tests.simulation.evidence import Evidence, FireRow
from tests.simulation.plans import Plan
from tests.simulation.rules import SECOND, due_instants, is_excluded

ON_TIME = 10 * SECOND
"""Up to here an instant is merely late, and fires whatever its schedule's `catchUp`."""
PATIENCE = 120 * SECOND
"""How long a crash may hold up a decision."""
MADE = {"started", "queued", "caughtUp", "backfilled"}
CLOCKWORK = ("cron", "interval", "at")


def check_instants(plan: Plan, evidence: Evidence, record: Record, end: int) -> Iterator[str]:
    """Sentences about what is wrong, up to an instant."""
    keys = [event.schedule for event in evidence.events if event.type == "schedule.created"]
    for key in keys:
        assert key is not None
        checked = _Schedule(key, plan, evidence, record, end)
        for problem in checked.problems():
            yield f"{key}: {problem}"


class _Schedule:
    def __init__(self, key: str, plan: Plan, evidence: Evidence, record: Record, end: int) -> None:
        self._plan = plan
        self._record = record
        self._end = end
        self._executions = [each for each in evidence.executions.values() if each.schedule == key]
        self._by_id = evidence.executions
        self._rows = evidence.fires[key]
        self._epochs = epochs_of(key, evidence, record)

    def problems(self) -> Iterator[str]:
        """Of all rows, and of all instants."""
        yield from self._unique()
        clocked = [row for row in self._rows if self._is_clocked(row)]
        for row in clocked:
            yield from self._truth(row)
        if not self._plan.jumps:
            yield from self._coverage(clocked)
            yield from self._batches(clocked)
            yield from self._overlaps()
            yield from self._skips(clocked)
        yield from self._most(clocked)

    def _unique(self) -> Iterator[str]:
        due = [each.due for each in self._executions if each.due is not None]
        if len(due) != len(set(due)):
            yield "an instant has two executions"
        ledger = sorted(row.execution for row in self._rows if row.execution is not None)
        made = sorted(each.id for each in self._executions if each.due is not None)
        if ledger != made:
            yield f"the ledger has {len(ledger)} executions, stored are {len(made)}"
        for row in self._rows:
            if (row.execution is not None) != (row.outcome in MADE):
                yield f"the row {row} has an execution, or has none"

    # Which epoch an instant belongs to

    def _at(self, instant: int) -> Epoch:
        """The last one that began before it."""
        begins = [epoch.begin for epoch in self._epochs]
        return self._epochs[max(0, bisect_right(begins, instant) - 1)]

    def _is_clocked(self, row: FireRow) -> bool:
        return any(name in self._at(row.due).config for name in CLOCKWORK)

    def _configs(self, row: FireRow) -> list[Epoch]:
        """The epochs that may have decided about it: from its own to that of the decision."""
        return [
            epoch
            for epoch in self._epochs
            if epoch.begin <= row.decided and (epoch.end >= row.due or epoch.end == FOREVER)
        ]

    # Rows

    def _truth(self, row: FireRow) -> Iterator[str]:
        """What a row says is so; it says it of an instant that is due."""
        epochs = self._configs(row)
        if not self._plan.jumps and not any(self._is_due(epoch, row.due) for epoch in epochs):
            yield f"{row} is of no due instant"
        if not self._plan.jumps and row.decided < row.due:
            yield f"{row} was decided before it was due"
        excluded = [is_excluded(epoch.config, row.due) for epoch in epochs]
        if row.reason == "excluded" and not any(excluded):
            yield f"{row}: it is not excluded"
        if row.outcome in MADE and epochs and all(excluded) and not self._plan.jumps:
            yield f"{row}: it is excluded"
        if row.outcome == "skipped" and row.reason == "overlap":
            yield from self._blocked(row)
        late = row.decided - row.due
        if row.outcome in ("started", "queued") and late > ON_TIME and not self._plan.jumps:
            yield f"{row} was not on time"
        if late > PATIENCE and not self._plan.jumps and not self._is_explained(row):
            yield f"{row} was decided late, and nothing was in the way"
        policies = {epoch.config.get("catchUp", "latest") for epoch in epochs}
        if row.outcome == "caughtUp" and policies == {"skip"}:
            yield f"{row} was caught up against its policy"
        if row.outcome in ("caughtUp", "missed") and late <= ON_TIME and not self._plan.jumps:
            yield f"{row} was on time"
        if row.reason == "catchUpSkipped" and "skip" not in policies:
            yield f"{row}: nobody wanted that"
        windows = [epoch.config.get("catchUpWindow") for epoch in epochs]
        known = [window for window in windows if window is not None]
        if len(known) == len(windows) and known:
            if row.outcome == "caughtUp" and late > max(known) * SECOND:
                yield f"{row}: it was beyond the window"
            if row.reason == "catchUpWindow" and late <= min(known) * SECOND:
                yield f"{row}: it was within the window"

    def _is_explained(self, row: FireRow) -> bool:
        """Whether the server or its disk was away, or the schedule paused, while it was to be decided."""
        for window in self._record.windows:
            if window.begin <= row.decided and row.due <= window.end + PATIENCE:
                return True
        return any(
            epoch.is_paused and epoch.begin <= row.decided and row.due <= epoch.end
            for epoch in self._epochs
        )

    def _is_due(self, epoch: Epoch, due: int) -> bool:
        return due in due_instants(epoch.config, epoch.anchor, due - 1, due + 1)

    def _blocked(self, row: FireRow) -> Iterator[str]:
        blocker = self._by_id.get(row.blocked_by or "")
        if blocker is None:
            yield f"{row}: nothing stood in its way"
            return
        if self._plan.has_faults:
            return
        if blocker.queued > row.decided or (blocker.ended or FOREVER) < row.decided:
            yield f"{row}: {blocker.id} did not stand in its way"

    # All instants

    def _coverage(self, rows: list[FireRow]) -> Iterator[str]:
        """Each due instant is covered by exactly one row."""
        covered = [(row.due, row.through or row.due) for row in rows]
        for (_, last), (first, _) in pairwise(covered):
            if first <= last:
                yield f"the rows to {last} and from {first} overlap"
        singles = {first for first, last in covered if first == last}
        ranges = [each for each in covered if each[0] < each[1]]
        changed = {epoch.begin for epoch in self._epochs}
        for number, epoch in enumerate(self._epochs):
            if epoch.is_paused and not self._is_resumed_alike(number):
                continue
            begin, end = epoch.begin, min(epoch.end, self._end)
            finished = _used_up(epoch, self._rows)  # also by events, before it was changed
            for due in due_instants(epoch.config, epoch.anchor, begin, end):
                if due in singles or due in changed or due > finished:
                    continue
                if any(first <= due <= last for first, last in ranges):
                    continue
                if self._is_overtaken(number, due):
                    continue
                yield f"nothing says what became of {due}"

    def _is_resumed_alike(self, number: int) -> bool:
        """Whether the pause ended by a resume: then what was due meanwhile is decided."""
        following = self._epochs[number + 1 : number + 2]
        return bool(following) and following[0].draft is self._epochs[number].draft

    def _is_overtaken(self, number: int, due: int) -> bool:
        """Whether the schedule was changed or gone while the server or its disk was away."""
        end = self._epochs[number].end
        for window in self._record.windows:
            if (
                window.begin - ON_TIME <= due <= window.end + ON_TIME
                and end <= window.end + 60 * SECOND
            ):
                return True
        return end - due < ON_TIME and self._plan.has_faults

    def _most(self, rows: list[FireRow]) -> Iterator[str]:
        limits = [epoch.config.get("maxRuns") for epoch in self._epochs]
        made = [row for row in rows if row.outcome in MADE]
        if None not in limits and limits and len(made) > max(each for each in limits if each):
            yield f"it has run {len(made)} times, allowed were {limits}"

    def _batches(self, rows: list[FireRow]) -> Iterator[str]:
        """With `latest`, what is decided together makes one execution, of the newest."""
        by_decision: dict[int, list[FireRow]] = {}
        for row in rows:
            by_decision.setdefault(row.decided, []).append(row)
        for decided, batch in by_decision.items():
            policies = {
                epoch.config.get("catchUp", "latest")
                for row in batch
                for epoch in self._configs(row)
            }
            caught = [row for row in batch if row.outcome == "caughtUp"]
            if policies == {"latest"} and len(caught) > 1:
                yield f"{len(caught)} were caught up at {decided}, the policy is latest"
            is_newest = bool(caught) and caught[-1] is batch[-1]
            is_free = batch[-1].reason not in ("excluded", "overlap", "maxRuns")
            if policies == {"latest"} and caught and not is_newest and is_free:
                yield f"at {decided} not the newest was caught up"
            if policies == {"latest"} and any(row.reason == "superseded" for row in batch[-1:]):
                yield f"the newest at {decided} is superseded by nothing"
            if policies == {"all"} and any(row.reason == "superseded" for row in batch):
                yield f"something was superseded at {decided}, the policy is all"

    # What runs at once

    def _overlaps(self) -> Iterator[str]:
        """No more at once than the schedule allows, as long as that is one number."""
        if any(epoch.config.get("overlap", "skip") == "allow" for epoch in self._epochs):
            return
        most = max(epoch.draft["executionConfig"]["maxConcurrency"] for epoch in self._epochs)
        turns: list[tuple[int, int]] = []
        for each in self._executions:
            if each.started is not None and each.due is not None:  # others pass by the limit
                turns += [(each.started, 1), (each.ended or FOREVER, -1)]
        running = 0
        for _, turn in sorted(turns):
            running += turn
            if running > most:
                yield f"{running} ran at once, {most} may"
                return

    def _skips(self, rows: list[FireRow]) -> Iterator[str]:
        """With `skip`, nothing that has a due instant is made while another has not ended."""
        timed = [each for each in self._executions if each.due is not None]
        for row in rows:
            policies = {epoch.config.get("overlap", "skip") for epoch in self._configs(row)}
            if row.outcome not in MADE or policies != {"skip"}:
                continue
            for each in timed:
                is_open = each.queued < row.decided < (each.ended or FOREVER)
                if is_open and each.id != row.execution:
                    yield f"{row.execution} was made while {each.id} had not ended"


def _used_up(epoch: Epoch, rows: list[FireRow]) -> int:
    """After which instant nothing is due any more, because of `maxRuns`."""
    most = epoch.config.get("maxRuns")
    made = [row.due for row in rows if row.outcome in MADE]
    return FOREVER if most is None or len(made) < most else made[most - 1]
