"""Each change of pruning does little, whatever there is: it reads by index, and a limited number of rows."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from query_plans import whole_tables
from sample import NOW

from quarterjack.storage import forgotten, old_executions, old_records, pruning
from quarterjack.storage.database import Writer
from quarterjack.storage.instants import to_micros
from quarterjack.storage.journal import Journal
from quarterjack.storage.pruning import BEGIN, Keep, Patience, Place, Prune, Pruned
from quarterjack.storage.statements import Statement

LONG_AGO = to_micros(NOW - timedelta(days=100))
DAY = 86_400_000_000
ALL = Keep(NOW, settled=NOW)
MODULES = (pruning, old_executions, old_records, forgotten)


def statements() -> Iterator[tuple[str, Statement]]:
    """Those of the modules that prune, with their names."""
    for module in MODULES:
        for name, value in vars(module).items():
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Statement):
                    yield f"{module.__name__}.{name}", each


def insert(writer: Writer, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """In one transaction."""
    writer.connection.execute("BEGIN")
    writer.connection.executemany(statement, rows)
    writer.connection.execute("COMMIT")


def executions(
    writer: Writer, count: int, *, status: str = "succeeded", first: int = 0, workflow: str = "w"
) -> None:
    """Old ones, a microsecond apart."""
    ended = None if status == "waiting" else LONG_AGO
    insert(
        writer,
        "INSERT INTO executions (id, workflow_id, status, trigger, scheduled_time, queued_at, ended_at, "
        "priority, params, context, options) VALUES (?, ?, ?, 'api', ?, ?, ?, 5, x'80', x'80', x'80')",
        [
            (f"exe_{number:06}", workflow, status, LONG_AGO, LONG_AGO + number, ended)
            for number in range(first, first + count)
        ],
    )


def attempts(writer: Writer, execution: str, count: int) -> None:
    writer.connection.execute(
        "INSERT INTO steps (execution_id, name, status) VALUES (?, 's', 'failed')", [execution]
    )
    insert(
        writer,
        "INSERT INTO attempts (execution_id, step, number, started_at) VALUES (?, 's', ?, 0)",
        [(execution, number) for number in range(count)],
    )


def count(writer: Writer, table: str = "executions") -> int:
    return int(writer.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def commit(journal: Journal, change: Prune) -> Pruned:
    found = journal.commit([change]).outcomes[0]
    assert isinstance(found, Pruned)
    return found


def test_all_that_pruning_asks_of_the_database_is_found_by_index(writer: Writer) -> None:
    seen = {}
    for name, statement in statements():
        nothing = [None] * statement.sql.count("?")
        rows = writer.connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", nothing)
        seen[name] = [line for *_, line in rows if "SCAN json_each" not in line]
    assert len(seen) > 15
    assert {name: found for name, lines in seen.items() if (found := whole_tables(lines))} == {}


@pytest.mark.parametrize("keep", [ALL, Keep(NOW, newest=1), Keep(None, 0, 1, NOW)])
def test_what_has_to_stay_is_looked_at_once_and_does_not_end_it(
    writer: Writer, journal: Journal, keep: Keep
) -> None:
    executions(writer, 500, status="waiting")
    executions(writer, 40, first=500)
    place: Place | None = BEGIN
    steps = 0
    while place is not None:
        place, steps = commit(journal, Prune(keep, place=place, effort=60)).place, steps + 1
    assert count(writer) == 500 + (keep != ALL)
    assert steps < 15


def test_a_change_deletes_no_more_rows_than_it_may_with_all_that_hangs_on_them(
    writer: Writer, journal: Journal
) -> None:
    executions(writer, 30)
    for number in range(30):
        attempts(writer, f"exe_{number:06}", 8)
    place: Place | None = BEGIN
    touched = []
    while place is not None:
        found = commit(journal, Prune(ALL, place=place, effort=100))
        place = found.place
        touched.append(found.touched)
    assert sum(touched) == 30 * (1 + 1 + 8)
    assert max(touched) <= 100
    assert (count(writer), count(writer, "steps"), count(writer, "attempts")) == (0, 0, 0)


def test_one_with_very_many_attempts_goes_bit_by_bit(writer: Writer, journal: Journal) -> None:
    executions(writer, 3)
    attempts(writer, "exe_000001", 5_000)
    place: Place | None = BEGIN
    kept = []
    while place is not None:
        found = commit(journal, Prune(ALL, place=place, effort=1_000))
        place = found.place
        kept.append((count(writer), count(writer, "steps"), count(writer, "attempts")))
        assert found.touched <= 1_100
    assert (2, 1, 3_001) in kept
    assert kept[-1] == (0, 0, 0)


def test_large_results_count_as_the_pages_that_they_take(writer: Writer, journal: Journal) -> None:
    executions(writer, 20)
    writer.connection.execute("UPDATE executions SET result = zeroblob(400000)")
    assert commit(journal, Prune(ALL, effort=200)).executions == 2  # of 98 pages each


def test_a_change_ends_when_its_time_is_over(writer: Writer, journal: Journal) -> None:
    for number in range(50):
        executions(writer, 1, first=number, workflow=f"w{number:02}")
    clock = iter(range(1_000))
    patient = Patience(lambda: float(next(clock)), 10.0)
    found = commit(journal, Prune(Keep(None, 0, 1, NOW), patience=patient))
    assert found.place is not None
    assert "w05" < found.place.after < "w15"


def test_executions_of_a_schedule_that_is_gone_leave_no_counts(
    writer: Writer, journal: Journal
) -> None:
    executions(writer, 5)
    writer.connection.execute("UPDATE executions SET schedule_id = 'sch_gone'")
    assert commit(journal, Prune(ALL)).executions == 5
    assert count(writer, "facts") == 0
