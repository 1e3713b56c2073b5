"""What must be true after a server was killed again and again, whatever happened: read from outside.

The steps of the workflow `mixed` say in a file when an attempt begins and ends; the database says what
the server remembers. Both are compared, when everything has ended.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgpack
from rest_client import RestClient
from waiting import eventually

SECOND = 1_000_000
RESULT = 15
"""Of the workflow `mixed`."""
STEPS = ["double", "double[0]", "double[1]", "double[2]", "flaky", "numbers", "rest", "total"]
LOST = {"Interrupted", "ServerStopped"}
EXPECTED = {"ConnectionError"}
OPEN = ("queued", "running", "waiting")


def all_end(client: RestClient, within: float = 90) -> None:
    """Wait until no execution is under way."""
    addresses = [f"/api/executions?limit=1&status={each}" for each in OPEN]
    eventually(lambda: not any(client.get(at).body["items"] for at in addresses), within=within)


def check_counters(client: RestClient, keys: Iterable[str]) -> None:
    """What the server counts as it goes is what a recount finds."""
    for key in keys:
        counted = _without_times(client.get(f"/api/schedules/{key}/status").body)
        recounted = client.post(f"/api/schedules/{key}/sync")
        assert recounted.status == 200
        assert _without_times(recounted.body) == counted


def _without_times(status: dict[str, Any]) -> dict[str, Any]:
    """Without what depends on the moment of the question."""
    return {**status, "nextExecution": None}


class Evidence:
    """The file's lines, and the database's rows."""

    def __init__(self, log: Path, database: Path) -> None:
        marks = [tuple(line.split()) for line in log.read_text().splitlines()]
        self.begun = Counter(mark[1:] for mark in marks if mark[0] == "begin")
        self.done = Counter(mark[1:] for mark in marks if mark[0] == "end")
        with closing(sqlite3.connect(database)) as connection:

            def rows(query: str) -> list[Any]:
                return connection.execute(query).fetchall()

            self.health = rows("PRAGMA integrity_check") + rows("PRAGMA foreign_key_check")
            self.executions = rows("SELECT id, status, schedule_id, due, result FROM executions")
            bad = rows("SELECT id, status, error FROM executions WHERE status != 'succeeded'")
            self.bad = [(*row, error and msgpack.unpackb(error)[:2]) for *row, error in bad]
            self.steps = rows("SELECT execution_id, name, status FROM steps")
            self.attempts = rows(
                "SELECT execution_id, step, number, ended_at, error FROM attempts "
                "ORDER BY execution_id, step, number"
            )
            self.seqs = [seq for (seq,) in rows("SELECT seq FROM events ORDER BY seq")]
            self.running = rows("SELECT count(*) FROM executions WHERE status = 'running'")
            self.fires = rows("SELECT schedule_id, due, execution_id FROM fires")
            self.counters = {
                key: counts
                for key, *counts in rows("SELECT id, executions, succeeded, failed FROM schedules")
            }

    def check(
        self, accepted: Collection[str], timed: Collection[str], *, instants: int = 4
    ) -> None:
        """Nothing is lost, nothing that had finished has run again."""
        assert self.health == [("ok",)]
        assert self.running == [(0,)], "none runs for a server that is no more"
        self._check_executions(accepted)
        self._check_steps()
        self._check_attempts()
        self._check_instants(timed, instants)
        self._check_counters()
        assert self.seqs == list(range(1, len(self.seqs) + 1))

    def _check_executions(self, accepted: Collection[str]) -> None:
        """All that were promised are there, and have come to the right end."""
        found = {row[0] for row in self.executions}
        assert set(accepted) - found == set()
        assert len(set(accepted)) == len(accepted)
        assert self.bad == []
        assert {msgpack.unpackb(row[-1]) for row in self.executions} == {RESULT}

    def _check_steps(self) -> None:
        """Every step of every execution has one row, and has succeeded."""
        assert Counter(row[0] for row in self.steps) == {
            row[0]: len(STEPS) for row in self.executions
        }
        assert {row[2] for row in self.steps} == {"succeeded"}
        assert sorted({row[1] for row in self.steps}) == STEPS

    def _check_attempts(self) -> None:
        """One attempt of each step succeeded: the last. No attempt has run twice, or unknown."""
        by_step: dict[tuple[str, str], list[tuple[int, str | None]]] = {}
        for key, step, number, ended_at, error in self.attempts:
            assert ended_at is not None
            kind = None if error is None else msgpack.unpackb(error)[0]
            by_step.setdefault((key, step), []).append((number, kind))
        for attempts in by_step.values():
            *before, (_, last) = attempts
            assert [number for number, _ in attempts] == list(range(1, len(attempts) + 1))
            assert last is None
            assert {kind for _, kind in before} <= LOST | EXPECTED
        known = {(row[0], row[1], str(row[2])) for row in self.attempts}
        assert set(self.begun.values()) == {1}
        assert self.begun.keys() - known == set()
        last_ones = {
            (key, step, str(attempts[-1][0]))
            for (key, step), attempts in by_step.items()
            if step not in ("double", "rest")  # the one has items, the other has no code
        }
        assert last_ones - self.done.keys() == set()
        newer = [mark for mark in self.begun if int(mark[2]) > len(by_step[mark[0], mark[1]])]
        assert newer == []

    def _check_instants(self, timed: Collection[str], least: int) -> None:
        """Each second since a schedule began has one execution, and one row in the ledger."""
        for key in timed:
            due = sorted(row[3] for row in self.executions if row[2] == key)
            assert len(due) >= least
            assert due == [due[0] + number * SECOND for number in range(len(due))]
            ledger = sorted((row[1], row[2]) for row in self.fires if row[0] == key)
            made = sorted((row[3], row[0]) for row in self.executions if row[2] == key)
            assert ledger == made

    def _check_counters(self) -> None:
        """A schedule's counters are what a recount gives."""
        counted = Counter(row[2] for row in self.executions)
        assert self.counters == {key: [counted[key], counted[key], 0] for key in self.counters}
