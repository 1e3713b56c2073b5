"""What is counted and timed while the actors work."""

from datetime import UTC, datetime
from typing import Any

import pytest

from quarterjack.actors.measures import MILLISECONDS, Histogram, Measures
from quarterjack.storage import Event, WorkflowId

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(kind: str, **data: Any) -> Event:
    return Event(kind, NOW, None, WorkflowId("w"), None, data)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(0.0, [1, 1, 1], id="below all"),
        pytest.param(0.1, [1, 1, 1], id="a bound belongs to its bucket"),
        pytest.param(0.5, [0, 1, 1], id="between"),
        pytest.param(99.0, [0, 0, 1], id="above all"),
    ],
)
def test_a_value_counts_in_every_bucket_that_is_large_enough(
    value: float, expected: list[int]
) -> None:
    histogram = Histogram((0.1, 1.0))

    histogram.record(value)

    assert histogram.cumulated() == expected
    assert histogram.sum == value


def test_the_bounds_are_in_order() -> None:
    assert sorted(set(MILLISECONDS)) == list(MILLISECONDS)


def test_executions_are_counted_by_workflow_and_status() -> None:
    measures = Measures()

    measures.committed(
        [
            event("workflow.started", trigger="api", scheduledTime=""),
            event("workflow.completed", duration=0.2, resultSize=1),
            event("workflow.completed", duration=0.4, resultSize=1),
            event("workflow.timedOut", duration=5.0, error=None),
        ]
    )

    assert measures.started == {"w": 1}
    assert measures.executions == {("w", "succeeded"): 2, ("w", "timedOut"): 1}
    assert measures.durations["w"].sum == pytest.approx(5.6)
    assert measures.events == 4


def test_a_row_for_many_missed_instants_counts_them_all() -> None:
    measures = Measures()

    measures.committed(
        [
            event("schedule.missed", reason="paused", instants=40),
            event("schedule.missed", reason="paused", instants=2),
            event("schedule.skipped", reason="overlap"),
        ]
    )

    assert measures.missed == {"paused": 42}
    assert measures.skipped == {"overlap": 1}
