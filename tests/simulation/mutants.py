"""The product with one mistake in it, many times over: the checker must notice each.

    python -m tests.simulation.mutants            # each with seeds until it is caught

A mutant replaces one function while it lasts; nothing of it stays.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from quarterjack.actors import messages as m
from quarterjack.actors import schedule as schedule_module
from quarterjack.actors.alarm_clock import AlarmClock
from quarterjack.actors.broadcaster import Broadcaster
from quarterjack.actors.drafts import due_from
from quarterjack.actors.execution_course import ExecutionCourse
from quarterjack.actors.fire_decisions import Deciding, new_execution
from quarterjack.actors.places import Places
from quarterjack.actors.policies import catch_up, overlap
from quarterjack.actors.policies.timetable import Timetable
from quarterjack.actors.run_queue import RunQueue
from quarterjack.actors.schedule import ScheduleActor
from quarterjack.actors.state import StateActor
from quarterjack.actors.step_ledger import StepLedger
from quarterjack.actors.ticker import Ticker
from quarterjack.storage import Overlap, StorageUnavailable
from quarterjack.storage import backlog as backlog_module
from quarterjack.storage import schedule_changes as changes
from quarterjack.storage.execution_changes import AdvanceExecution
from quarterjack.storage.journal import Journal
from quarterjack.storage.plain_data import pack
from quarterjack.storage.queries import unfinished
from quarterjack.storage.transaction import Transaction
from tests.simulation.__main__ import outcome_of

Install = Callable[[], Any]
"""Gives a context manager in which the mistake is made."""
MOST_SEEDS = 200


class Mutant(NamedTuple):
    """A mistake, in words, and how it is made."""

    name: str
    install: Install


class Caught(NamedTuple):
    """By which seed, and what the checker said."""

    seed: int
    problem: str


MUTANTS: list[Mutant] = []


def mutant(name: str) -> Callable[[Install], Install]:
    """Make a function one of the mutants."""

    def add(install: Install) -> Install:
        MUTANTS.append(Mutant(name, install))
        return install

    return add


def caught(each: Mutant, most: int = MOST_SEEDS, first: int = 0) -> Caught | None:
    """The first seed that notices it; None: it lives."""
    with each.install():
        for seed in range(first, first + most):
            try:
                problems = outcome_of(seed).problems
            except Exception as error:
                problems = [f"it broke down: {error!r}"]
            if problems:
                return Caught(seed, problems[0])
    return None


@contextmanager
def handling(actor: type[Any], message: type[Any], handler: Callable[..., Any]) -> Iterator[None]:
    """An actor class with another handler for a class of messages."""
    with patch.object(actor, "handlers", {**actor.handlers, message: handler}):
        yield


# What is durable, and what is told


@mutant("events are announced before they are durable")
def _() -> Any:
    whole = Journal._together

    class Late:
        """Commits with the next transaction."""

        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

        def execute(self, sql: str, *values: Any) -> Any:
            if sql == "COMMIT":
                return None
            if sql == "BEGIN IMMEDIATE" and self.connection.in_transaction:
                self.connection.execute("COMMIT")
            return self.connection.execute(sql, *values)

    def late(self: Journal, given: Any) -> Any:
        if not isinstance(self._connection, Late):
            self._connection = Late(self._connection)  # type: ignore[assignment]
        return whole(self, given)

    return patch.object(Journal, "_together", late)


@mutant("calls are answered before they are durable")
def _() -> Any:
    def commit(self: StateActor, message: m.Commit) -> Any:
        reply = StateActor.commit_change(self, message)
        execution = getattr(message.change, "execution", None)
        if execution is not None:
            reply.set(execution.id)
        return reply

    return handling(StateActor, m.Commit, commit)


@mutant("what can't be written to a full disk is promised, and forgotten")
def _() -> Any:
    unavailable = StateActor._unavailable

    def forget(self: StateActor, error: StorageUnavailable) -> None:
        waiting, self._waiting = self._waiting, []
        for commit, reply in waiting:
            execution = getattr(commit.change, "execution", None)
            if execution is None:
                self._waiting.append((commit, reply))
            else:
                reply.set(execution.id)
        unavailable(self, error)

    return patch.object(StateActor, "_unavailable", forget)


@mutant("numbers of events go on although nothing was committed")
def _() -> Any:
    unwind = Journal._rollback

    def rollback(self: Journal) -> None:
        unwind(self)
        self._last_seq += 1

    return patch.object(Journal, "_rollback", rollback)


@mutant("a broadcaster that crashed does not read what it missed")
def _() -> Any:
    def tell_from_here(self: Broadcaster, until: int) -> None:
        del until

    return patch.object(Broadcaster, "_catch_up", tell_from_here)


@mutant("an end is stored without its event")
def _() -> Any:
    apply = AdvanceExecution.apply

    def silent(self: AdvanceExecution, transaction: Transaction) -> None:
        if self.ended is not None:
            object.__setattr__(self, "events", ())
        apply(self, transaction)

    return patch.object(AdvanceExecution, "apply", silent)


# Due instants


@mutant("an instant that is told twice is decided twice, and the unique key is not there")
def _() -> Any:
    fire, begin = Ticker._fire, StateActor.on_start

    def fire_twice(self: Ticker, key: Any, instant: Any) -> None:
        fire(self, key, instant)
        fire(self, key, instant)

    def on_start(self: StateActor) -> None:
        begin(self)
        assert self._writer is not None
        self._writer.connection.execute("DROP INDEX IF EXISTS executions_by_schedule_id_due")

    def decide_twice(self: ScheduleActor, message: m.FireDue) -> None:
        schedule = self._found
        if schedule is not None and schedule.next_fire != message.scheduled_for:
            trigger, ids = self._timetable(schedule).trigger, self.environment.ids
            now = self.clock.now()
            again = new_execution(schedule, trigger, message.scheduled_for, now, ids)
            self.cast.state.ask(m.Commit(changes.RecordRun(again, []), 0.0))
        ScheduleActor.fire_due(self, message)

    stack = ExitStack()
    stack.enter_context(patch.object(Ticker, "_fire", fire_twice))
    stack.enter_context(patch.object(StateActor, "on_start", on_start))
    stack.enter_context(handling(ScheduleActor, m.FireDue, decide_twice))
    return stack


@mutant("what was due during a pause is forgotten at the resume")
def _() -> Any:
    given = due_from

    def from_now(schedule: Any, found: Any) -> Any:
        if schedule.resumed_at is not None and found is not None:
            found = Timetable.of(schedule).next(schedule.resumed_at)
        return given(schedule, found)

    return patch.object(schedule_module, "due_from", from_now)


@mutant("what was due while the server was down is forgotten")
def _() -> Any:
    def load(self: AlarmClock[Any], alarms: list[Any]) -> None:
        now = self._owner.clock.now().timestamp() * 1e6
        for at, key in alarms:
            if at > now:
                self.set(key, datetime.fromtimestamp(at / 1e6, UTC))

    return patch.object(AlarmClock, "load", load)


@mutant("the ticker forgets its alarms when it crashes")
def _() -> Any:
    real = Ticker._loaded

    def loaded(self: Ticker, reply: Any) -> None:
        if self.restarted:
            self.release()
        else:
            real(self, reply)

    return patch.object(Ticker, "_loaded", loaded)


@mutant("instants fire two seconds early")
def _() -> Any:
    real = Timetable.occurrence

    def early(self: Timetable, due: datetime) -> Any:
        found = real(self, due)
        return found._replace(fires_at=found.fires_at - timedelta(seconds=2))

    return patch.object(Timetable, "occurrence", early)


@mutant("`latest` catches up as `all` does")
def _() -> Any:
    why = catch_up._why_missed
    return patch.object(
        catch_up,
        "_why_missed",
        lambda policy, age, window, **_: why(policy, age, window, superseded=False),
    )


@mutant("the catch-up window is not looked at")
def _() -> Any:
    why = catch_up._why_missed
    return patch.object(
        catch_up,
        "_why_missed",
        lambda policy, _, window, **more: why(policy, timedelta(0), window, **more),
    )


@mutant("`skip` runs beside what has not ended")
def _() -> Any:
    decide = overlap.decide

    def beside(policy: Overlap, *, running: int, queued: int) -> Any:
        if policy is Overlap.SKIP:
            return overlap.Decision.RUN
        return decide(policy, running=running, queued=queued)

    return patch.object(overlap, "decide", beside)


@mutant("one run more than `maxRuns`")
def _() -> Any:
    def is_used_up(self: Deciding) -> bool:
        limit = self._config.max_runs
        return limit is not None and self._runs > limit

    return patch.object(Deciding, "_is_used_up", is_used_up)


@mutant("excluded days are not excluded")
def _() -> Any:
    return patch.object(Timetable, "excluded_by", lambda *_: None)


@mutant("a skipped instant leaves no row")
def _() -> Any:
    def leave(self: Deciding, *given: Any) -> None:
        """Nothing."""

    return patch.object(Deciding, "_leave", leave)


# Executions


@mutant("what waits in the queue is forgotten at a restart")
def _() -> Any:
    real = unfinished

    def without_queued(reader: Any) -> Any:
        return [each for each in real(reader) if each[0].status.value != "queued"]

    return patch.object(backlog_module, "unfinished", without_queued)


@mutant("what ran is forgotten at a restart")
def _() -> Any:
    real = unfinished

    def without_running(reader: Any) -> Any:
        return [each for each in real(reader) if each[0].status.value != "running"]

    return patch.object(backlog_module, "unfinished", without_running)


@mutant("finished steps run again after a restart")
def _() -> Any:
    load = StepLedger.load

    def without(self: StepLedger, found: Any) -> None:
        load(self, found._replace(steps=[each for each in found.steps if each.attempts[1:]]))

    return patch.object(StepLedger, "load", without)


@mutant("nobody begins what the crashed supervisor was to begin")
def _() -> Any:
    return handling(RunQueue, m.BeginAgain, lambda *_: None)


@mutant("a schedule runs more at once than it may")
def _() -> Any:
    return patch.object(Places, "left_for_lane", lambda *_: True)


@mutant("the retry policy has one attempt more")
def _() -> Any:
    real = StepLedger.fail

    def generous(self: StepLedger, name: str, now: Any, error: Any, retry: Any, **more: Any) -> Any:
        again = retry.model_copy(update={"attempts": retry.attempts + 1})
        return real(self, name, now, error, again, **more)

    return patch.object(StepLedger, "fail", generous)


@mutant("a step gets another result than the one that is stored")
def _() -> Any:
    real = StepLedger.arguments

    def wrong(self: StepLedger, name: str) -> dict[str, Any]:
        return {key: pack(7) for key in real(self, name)}

    return patch.object(StepLedger, "arguments", wrong)


@mutant("ends are not counted in the schedule")
def _() -> Any:
    from quarterjack.storage import execution_changes

    return patch.object(execution_changes, "_COUNT", changes._FORGIVE)


@mutant("an execution begins before it is recorded")
def _() -> Any:
    real = ExecutionCourse._store

    def hasty(self: Any, turn: Any) -> None:
        submitted, turn.submitted = turn.submitted, []
        real(self, turn)
        for key in submitted:
            self._attempts.submit(key, self._ledger)

    return patch.object(ExecutionCourse, "_store", hasty)


def main() -> int:
    """Catch each; the exit code is 1 when one lives."""
    from tests.simulation.more_mutants import MUTANTS  # which needs this module

    alive = 0
    for each in MUTANTS:
        found = caught(each)
        alive += found is None
        how = f"seed {found.seed}: {found.problem[:90]}" if found else "LIVES"
        print(f"{each.name:<62} {how}", flush=True)
    print(f"{len(MUTANTS) - alive} of {len(MUTANTS)} mutants caught")
    return bool(alive)


if __name__ == "__main__":
    sys.exit(main())
